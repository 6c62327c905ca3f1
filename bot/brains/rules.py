"""The rules brain: runs playbooks, no network, the same answer every time. The transcript says where it stands."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.brains.base import (
    BrainEvent,
    Call,
    CallResult,
    Finished,
    JsonObject,
    JsonValue,
    Plan,
    Prompt,
    Saying,
    Thinking,
    Thought,
    UserSaid,
)
from bot.brains.playbook import CallStep, Playbook, Step
from tools.expressions import ExpressionError

_PIECES = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Calls of one turn."""

    calls: tuple[Call, ...]


Act = Thinking | Saying | Asked


class RulesBrain:
    """Picks the playbook that fits the request best and walks it to the first call that has no result yet."""

    name = "rules"

    def __init__(self, playbooks: Sequence[Playbook]) -> None:
        self._playbooks = tuple(playbooks)

    async def think(self, prompt: Prompt) -> AsyncIterator[BrainEvent]:
        """One turn: what comes after the newest result, up to the next call or the end."""
        request = "\n".join(e.text for e in prompt.transcript if isinstance(e, UserSaid) and e.trusted)
        book = max(self._playbooks, key=lambda p: p.score(request), default=None)
        if book is None or not book.score(request):
            for event in _stream(Saying(delta=self._help())):
                yield event
            yield Finished()
            return
        results = {e.call_id: e for e in prompt.transcript if isinstance(e, CallResult)}
        walk = _Walk(book, request, results, prompt.facts)
        for event in walk.events(first_turn=not results):
            yield event
        yield Finished(reason="tool_calls" if walk.asked else "stop")

    def _help(self) -> str:
        known = "\n".join(f"- {book.plan} (words like {', '.join(book.match.words[:4])})" for book in self._playbooks)
        return (
            "I have no playbook for that. Without a model I can:\n"
            f"{known}\n\nSet `AUTOPILOT_MODEL` and a provider key to ask me anything."
        )


class _Walk:
    """One walk from the top of a playbook; what earlier turns already did is passed over silently."""

    def __init__(
        self, book: Playbook, request: str, results: Mapping[str, CallResult], facts: Mapping[str, str]
    ) -> None:
        self._book, self._results = book, results
        self._done: JsonObject = {}
        inputs: JsonObject = dict(book.inputs_of(request))
        self._scope: JsonObject = {"inputs": inputs, "env": facts.get("env", ""), "steps": self._done}
        self.asked = False

    def events(self, *, first_turn: bool) -> Iterator[BrainEvent]:
        if first_turn:
            yield Plan(title=self._book.plan)
        fresh: list[Act] = []
        try:
            for act in self._run(self._book.steps):
                if isinstance(act, Asked) and all(call.call_id in self._results for call in act.calls):
                    fresh.clear()  # everything up to here was said in the turn that made these calls
                    continue
                fresh.append(act)
                if isinstance(act, Asked):
                    self.asked = True
                    break
        except _Stop:
            pass
        except ExpressionError as error:
            fresh.append(
                Saying(delta=f"The playbook `{self._book.name}` cannot go on: {error}. Nothing more was done.")
            )
        spoke = False
        for act in fresh:
            if isinstance(act, Saying) and spoke:
                yield Saying(delta="\n\n")
            spoke = spoke or isinstance(act, Saying)
            yield from _stream(act)

    def _run(self, steps: Sequence[Step]) -> Iterator[Act]:
        for step in steps:
            if step.stop:
                raise _Stop
            if step.think is not None:
                yield Thinking(delta=step.think)
            elif step.think_cel is not None:
                yield Thinking(delta=str(step.think_cel.value(self._scope)))
            elif step.say is not None:
                yield Saying(delta=str(step.say.value(self._scope)))
            elif step.call is not None or step.together:
                every = step.together if step.call is None else (step.call,)
                asked = [one for one in every if one.when is None or one.when.truth(self._scope)]
                yield Asked(calls=tuple(map(self._call, asked)))
                self._done.update({one.id: _seen(self._results[one.id]) for one in asked})
            elif step.if_ is not None:
                yield from self._run(step.then if step.if_.truth(self._scope) else step.else_)

    def _call(self, step: CallStep) -> Call:
        if step.id in self._results:  # its arguments belong to the past; a person may have changed them since
            return Call(call_id=step.id, tool=step.tool, arguments={})
        arguments: JsonObject = {name: value.value(self._scope) for name, value in step.with_.items()}
        if step.reason_code:
            arguments["reason_code"] = step.reason_code
        if step.why is not None:
            arguments["why"] = str(step.why.value(self._scope))
        return Call(call_id=step.id, tool=step.tool, arguments=arguments, skill=self._book.name)


class _Stop(Exception):
    """The playbook said stop."""


def _seen(result: CallResult) -> JsonValue:
    """A result as a playbook sees it: status, result, and a message: a person's own reason where there is one."""
    reason = result.content.get("reason") if result.status == "rejected" else None
    message = str(reason or result.content.get("message", ""))
    return {"status": result.status, "result": result.content, "message": message}


def _stream(act: Act) -> Iterator[BrainEvent]:
    match act:
        case Thinking(delta=text):
            yield from (Thinking(delta=piece) for piece in _PIECES.findall(text))
            yield Thought(text=text)
        case Saying(delta=text):
            yield from (Saying(delta=piece) for piece in _PIECES.findall(text))
        case Asked(calls=calls):
            yield from calls
