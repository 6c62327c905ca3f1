"""Pure: steps as stored <-> the transcript a brain reads, and which call is still open."""

import itertools
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from bot.brains.base import BrainCalled, BrainSaid, BrainThought, CallResult, Entry, JsonObject, JsonValue, UserSaid
from policy.clauses import own_words
from storage.mandates import standing
from storage.records import Step, StepKind, Task, TaskState
from tools.sealing import SealedEvidence
from tools.tracing import slots, top

MOST_EVIDENCE = 5
"""links on a card"""


@dataclass(frozen=True, kw_only=True)
class OpenCall:
    """A call that was asked for and has no result yet."""

    call_id: str
    tool: str
    arguments: JsonObject
    reason_code: str
    why: str
    skill: str
    edited_by: str
    drawn_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """of a playbook's call: argument → tools whose results its value was made of"""
    after_seconds: float = 0.0
    asked_at: float = 0.0


def entries(steps: Sequence[Step]) -> list[Entry]:
    """What a brain reads. A call whose arguments a person changed appears once, with the new arguments."""
    newest = {str(s.body["call_id"]): s for s in steps if s.kind is StepKind.CALLED}
    out: list[Entry] = []
    seen: set[str] = set()
    for step in steps:
        body = step.body
        match step.kind:
            case StepKind.USER:
                out.append(UserSaid(text=str(body["text"]), by=str(body["by"])))
            case StepKind.CONTEXT:
                out.append(UserSaid(text=str(body["text"]), by=str(body["by"]), trusted=False))
            case StepKind.THOUGHT:
                out.append(BrainThought(text=str(body["text"]), signature=str(body.get("signature", ""))))
            case StepKind.SAID:
                out.append(BrainSaid(text=str(body["text"])))
            case StepKind.CALLED:
                call_id = str(body["call_id"])
                if call_id not in seen:
                    seen.add(call_id)
                    called = newest[call_id].body
                    out.append(
                        BrainCalled(call_id=call_id, tool=str(called["tool"]), arguments=_object(called["arguments"]))
                    )
            case StepKind.RESULT:
                out.append(
                    CallResult(
                        call_id=str(body["call_id"]),
                        tool=str(body["tool"]),
                        status=str(body["status"]),
                        content=_object(body["content"]),
                    )
                )
            case StepKind.NOTE:
                pass
    return out


def open_calls(steps: Sequence[Step]) -> list[OpenCall]:
    """The calls without a result, as they were asked for, each with the newest arguments it was given."""
    done = {str(s.body["call_id"]) for s in steps if s.kind is StepKind.RESULT}
    newest = {str(s.body["call_id"]): s for s in steps if s.kind is StepKind.CALLED}
    # Said once, when the playbook asked; what a person edits afterwards is told apart by changed_by_people.
    drawn = {str(s.body["call_id"]): s.body["drawn_from"] for s in steps if "drawn_from" in s.body}
    return [
        OpenCall(
            call_id=call_id,
            tool=str(step.body["tool"]),
            arguments=_object(step.body["arguments"]),
            reason_code=str(step.body.get("reason_code", "")),
            why=str(step.body.get("why", "")),
            skill=str(step.body.get("skill", "")),
            edited_by=str(step.body.get("edited_by", "")),
            drawn_from=drawn_from(drawn.get(call_id)),
            after_seconds=seconds_after(step.body),
            asked_at=step.at,
        )
        for call_id, step in newest.items()
        if call_id not in done
    ]


def seconds_after(called: JsonObject) -> float:
    """How long after it was asked for a call is made; 0 for all but looks that are made again."""
    found = called.get("after_seconds")
    return float(found) if isinstance(found, int | float) else 0.0


def is_quiet(task: Task, steps: Sequence[Step]) -> bool:
    """Whether its skill said at the end that it has nothing to tell."""
    ends = [s.body for s in steps if s.kind is StepKind.NOTE and s.body.get("path") == ""]
    return task.state is TaskState.COMPLETED and bool(ends) and ends[-1].get("quiet") is True


Typed = Set[tuple[str, str]]
"""(argument, one value in it as JSON): of a list that a person changed, what stood in it before is not theirs"""


def changed_by_people(steps: Sequence[Step], call_id: str) -> Typed:
    """The values that a person typed in an edit of a call."""
    asked = [s.body for s in steps if s.kind is StepKind.CALLED and str(s.body["call_id"]) == call_id]
    own: set[tuple[str, str]] = set()
    for before, after in itertools.pairwise(asked):
        if after.get("edited_by"):
            own |= _values(after["arguments"]) - _values(before["arguments"])
    return own


def typed_slots(typed: Typed, arguments: Mapping[str, JsonValue]) -> frozenset[str]:
    """Where in these arguments the values stand that a person typed."""
    return frozenset(slot for slot, value in slots(dict(arguments)) if (top(slot), json.dumps(value)) in typed)


def _values(arguments: object) -> set[tuple[str, str]]:
    return {(top(slot), json.dumps(value)) for slot, value in slots(_object(arguments))}


def trusted_words(steps: Sequence[Step]) -> list[str]:
    """What people asked in this task, in their own words; nothing pasted, nothing read elsewhere, no alert's title."""
    return [own_words(text)[0] for text in _spoken(steps)]


def pasted(steps: Sequence[Step]) -> list[str]:
    """What people pasted or quoted with their words: others' words, that vouch for nothing."""
    return [other for text in _spoken(steps) if (other := own_words(text)[1])]


def _spoken(steps: Sequence[Step]) -> list[str]:
    return standing([s.body for s in steps if s.kind is StepKind.USER])


def quoted(steps: Sequence[Step]) -> list[str]:
    """What the task was opened with when no person asked: an alert's title. It vouches for nothing."""
    return [str(s.body["text"]) for s in steps if s.kind is StepKind.USER and s.body.get("hearsay")]


def evidence_so_far(steps: Sequence[Step]) -> tuple[SealedEvidence, ...]:
    """The newest snapshots of this task, oldest first."""
    found = [
        SealedEvidence(hash=str(s.body["evidence"]), label=str(s.body.get("finding") or s.body["tool"]))
        for s in steps
        if s.kind is StepKind.RESULT and s.body.get("evidence")
    ]
    return tuple(found[-MOST_EVIDENCE:])


def drawn_from(value: object) -> dict[str, tuple[str, ...]]:
    found = value if isinstance(value, dict) else {}
    return {str(name): tuple(map(str, tools)) for name, tools in found.items() if isinstance(tools, list)}


def _object(value: object) -> JsonObject:
    assert isinstance(value, dict)
    return value
