"""The rules brain: runs playbooks, no network, the same answer every time. The transcript says where it stands."""

import re
from collections.abc import AsyncIterator, Iterator, Sequence

from bot.brains.base import (
    BrainEvent,
    CallResult,
    Finished,
    Plan,
    Prompt,
    Saying,
    Thinking,
    Thought,
    UserSaid,
)
from bot.brains.walk import Act, Asked, Walk
from tools.playbooks.library import Library, among
from tools.playbooks.playbook import BadInput, Playbook, Scalar

_PIECES = re.compile(r"\S+\s*|\s+")
_NAMED = re.compile(
    r"\s*(?:run\s+)?skill\s+`?([a-z0-9][a-z0-9-]{0,63})`?((?:\s+[a-z_][a-z0-9_]*=\S*)*)\s*", re.IGNORECASE
)


class RulesBrain:
    """Picks the playbook that fits the request best, or the one it names, and walks it to the first open call."""

    name = "rules"

    def __init__(self, library: Library, *, allowed: Sequence[str] = ("*",)) -> None:
        """`allowed`: which skills may be asked for; those inside them come along."""
        self._library = library
        self._playbooks = {name: book for name, book in library.playbooks().items() if among(name, allowed)}

    async def think(self, prompt: Prompt) -> AsyncIterator[BrainEvent]:
        """One turn: what comes after the newest result, up to the next call or the end."""
        request = "\n".join(e.text for e in prompt.transcript if isinstance(e, UserSaid) and e.trusted)
        try:
            chosen = self._named(request) or self._fitting(request)
        except BadInput as error:
            chosen, said = None, str(error)
        else:
            said = self._help(request)
        if chosen is None:
            for event in _stream(Saying(delta=said)):
                yield event
            yield Finished()
            return
        book, inputs = chosen
        results = {e.call_id: e for e in prompt.transcript if isinstance(e, CallResult)}
        if not results:
            yield Plan(title=book.plan)
        acts = Walk(self._library, results, prompt.facts.get("env", "")).fresh(book.name, inputs)
        spoke = False
        for act in acts:
            if isinstance(act, Saying) and spoke:
                yield Saying(delta="\n\n")
            spoke = spoke or isinstance(act, Saying)
            for event in _stream(act):
                yield event
        yield Finished(reason="tool_calls" if any(isinstance(act, Asked) for act in acts) else "stop")

    def _named(self, request: str) -> tuple[Playbook, dict[str, Scalar]] | None:
        """The skill a request names, with its inputs.

        Raises:
            BadInput: there is no such skill, or it has no such input or value.
        """
        named = named_skill(request)
        if named is None:
            return None
        name, given = named
        book = self._playbooks.get(name)
        if book is None:
            why = self._library.left_out.get(name)
            says = f"it is left out here: {why}" if why else f"I have {', '.join(sorted(self._playbooks)) or 'none'}"
            raise BadInput(f"I have no skill `{name}` with a playbook; {says}.")
        inputs = {key: spec.default for key, spec in book.inputs.items()}
        for key, text in given.items():
            if key not in book.inputs:
                raise BadInput(f"Skill `{name}` has no input `{key}`; it has {', '.join(book.inputs) or 'none'}.")
            try:
                inputs[key] = book.inputs[key].read(text)
            except BadInput as error:
                raise BadInput(f"Input `{key}` of skill `{name}` {error}.") from None
        return book, inputs

    def _fitting(self, request: str) -> tuple[Playbook, dict[str, Scalar]] | None:
        book = max(self._playbooks.values(), key=lambda p: p.score(request), default=None)
        return (book, book.inputs_of(request)) if book is not None and book.score(request) else None

    def _help(self, request: str) -> str:
        if not self._playbooks:  # each needs tools
            return (
                "I have no tools to look with: none of my playbooks finds its own. Set `AUTOPILOT_MANIFESTS` to your "
                "tools' manifests, and `AUTOPILOT_MODEL` and a provider key to ask me anything."
            )
        matching = [book for book in self._playbooks.values() if book.match is not None]
        known = "\n".join(f"- {b.plan} (words like {', '.join(b.match.words[:4])})" for b in matching if b.match)
        by_name = "\n".join(map(self._call_of, self._near(request)))
        return "\n\n".join(
            (
                "I have no playbook for that.",
                *([f"Without a model I can:\n{known}"] if known else []),
                *([f"By name, of what sounds near:\n{by_name}"] if by_name else []),
                "Set `AUTOPILOT_MODEL` and a provider key to ask me anything.",
            )
        )

    def _near(self, request: str) -> list[str]:
        """The skills that are run by name only and share most words with the request; no such word, no skill."""
        asked = _words(request)
        shared = {
            name: len(asked & _words(f"{name} {self._library.get(name).front.description}"))
            for name, book in self._playbooks.items()
            if book.match is None
        }
        return sorted((name for name, count in shared.items() if count), key=lambda name: (-shared[name], name))[:3]

    def _call_of(self, name: str) -> str:
        inputs = "".join(f" {key}=…" for key in self._playbooks[name].inputs)
        return f"- `skill {name}{inputs}`: {self._library.get(name).front.description.split('. ')[0].rstrip('.')}."


def _words(text: str) -> set[str]:
    """The words that say something: those of four letters and more."""
    return set(re.findall(r"[a-z0-9]{4,}", text.lower()))


def named_skill(request: str) -> tuple[str, dict[str, str]] | None:
    """The skill that a request names and nothing else, "skill NAME key=value …", with what it gives; or None."""
    found = _NAMED.fullmatch(request.strip().splitlines()[0] if request.strip() else "")
    if found is None:
        return None
    return found[1].lower(), dict(pair.split("=", 1) for pair in found[2].split())


def _stream(act: Act) -> Iterator[BrainEvent]:
    match act:
        case Thinking(delta=text):
            yield from (Thinking(delta=piece) for piece in _PIECES.findall(text))
            yield Thought(text=text)
        case Saying(delta=text):
            yield from (Saying(delta=piece) for piece in _PIECES.findall(text))
        case Asked(calls=calls):
            yield from calls
        case _:
            yield act
