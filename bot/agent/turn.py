"""One turn of a brain as it streams: shown live, and gathered for the transcript."""

from dataclasses import replace

from bot.agent.prompt import split_beside
from bot.brains.base import (
    Alert,
    BadCall,
    BrainEvent,
    Call,
    Chart,
    Finished,
    Plan,
    Saying,
    SkillEnded,
    Thinking,
    Thought,
    Usage,
)
from bot.lifecycle.ports import Progress
from policy.types import Tier
from storage.records import JsonObject, StepKind
from tools.errors import UnknownTool
from tools.registry import Registry

MOST_CALLS = 8
"""calls taken from one turn; the rest are answered with "too many at once" """


class Turn:
    """Takes a brain's events in order; `entries` is what is kept of them."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._thoughts: list[Thought] = []
        self._thinking: list[str] = []
        self._said: list[str] = []
        self._by_model = False
        self.calls: list[Call | BadCall] = []
        self.alerts: list[Alert] = []
        self.charts: list[Chart] = []
        self.ended: list[SkillEnded] = []
        self.tokens = 0

    @property
    def spoke(self) -> bool:
        """People have seen something of this turn."""
        return bool(self._said or self._thinking)

    @property
    def looks_again(self) -> bool:
        """It only asks for a look to be made again, which its playbook bounds: no turn of those that are limited."""
        return any(isinstance(call, Call) and call.after_seconds for call in self.calls)

    def take(self, event: BrainEvent) -> None:
        match event:
            case Thinking(delta=delta):
                self._thinking.append(delta)
                self._progress.thinking(delta)
            case Thought():
                self._thoughts.append(event)
            case Saying(delta=delta, by_model=by_model):
                self._said.append(delta)
                self._by_model = self._by_model or by_model
                self._progress.say(delta)
            case Plan(title=title):
                self._progress.plan(title)
            case Call() | BadCall():
                self.calls.append(event)
            case Alert():
                self.alerts.append(event)
            case Chart():
                self.charts.append(event)
            case SkillEnded():
                self.ended.append(event)
            case Usage(input_tokens=read, output_tokens=written):
                self.tokens += read + written
            case Finished():
                pass

    def entries(self, registry: Registry, *, taken: set[str], partial: bool) -> list[tuple[StepKind, JsonObject]]:
        """The turn as steps. `partial`: it was stopped; its calls are dropped, its words are kept.

        `taken`: call ids of earlier turns. A provider may use one again; ours name one call of the task each.
        """
        thoughts = self._thoughts or ([Thought(text="".join(self._thinking))] if self._thinking else [])
        out: list[tuple[StepKind, JsonObject]] = [
            (StepKind.THOUGHT, {"text": t.text, "signature": t.signature}) for t in thoughts
        ]
        if said := "".join(self._said):
            by: JsonObject = {"model": True} if self._by_model else {}
            out.append((StepKind.SAID, {"text": said, "partial": partial, **by}))
        if partial:
            return out
        out.extend((StepKind.NOTE, ended_note(ended)) for ended in self.ended)
        answers: list[tuple[StepKind, JsonObject]] = []
        for index, call in enumerate(self.calls):
            call_id = call.call_id
            while call_id in taken:
                call_id = f"{call_id}+"
            taken.add(call_id)
            called, answered = _call_entries(replace(call, call_id=call_id), registry, too_many=index >= MOST_CALLS)
            out.append(called)
            answers.extend(answered)
        return [*out, *answers]  # a turn's own entries stay together; answers come after


Kept = tuple[StepKind, JsonObject]


def ended_note(ended: SkillEnded) -> JsonObject:
    """A skill's end as a step: what programs read of a run."""
    says = f"could not do its work: {ended.failed}" if ended.failed else "came to its end"
    return {
        "text": f"Skill {ended.skill} {says}",
        "skill": ended.skill,
        "hash": ended.hash,
        "path": ended.path,
        "failed": ended.failed,
        "output": ended.output,
        "changed": ended.changed,
        "helped": ended.helped,
        "quiet": ended.quiet,
    }


def _call_entries(call: Call | BadCall, registry: Registry, *, too_many: bool) -> tuple[Kept, list[Kept]]:
    """The call as a step, and its answer when it needs no gateway to be answered."""
    if isinstance(call, BadCall):
        message = f"the arguments of {call.tool} are not a JSON object; send one that fits its schema"
        return _called(call.call_id, call.tool, {}), [_failed(call.call_id, call.tool, message)]
    if too_many:
        message = f"at most {MOST_CALLS} calls a turn; ask again later"
        return _called(call.call_id, call.tool, call.arguments), [_failed(call.call_id, call.tool, message)]
    try:
        tier = registry.get(call.tool).manifest.tier
    except UnknownTool:
        tier = Tier.IRREVERSIBLE  # the gateway refuses it by name
    own, reason_code, why = split_beside(call.arguments, tier)
    beside: JsonObject = {"reason_code": reason_code, "why": why, "skill": call.skill, "title": call.title}
    if call.drawn_from:
        beside["drawn_from"] = {name: list(tools) for name, tools in call.drawn_from.items()}
    if call.after_seconds:
        beside["after_seconds"] = call.after_seconds
    kind, body = _called(call.call_id, call.tool, own)
    return (kind, {**body, **beside}), []


def _called(call_id: str, tool: str, arguments: JsonObject) -> Kept:
    return StepKind.CALLED, {"call_id": call_id, "tool": tool, "arguments": arguments}


def _failed(call_id: str, tool: str, message: str) -> Kept:
    return StepKind.RESULT, {"call_id": call_id, "tool": tool, "status": "failed", "content": {"message": message}}
