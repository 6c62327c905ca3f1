"""Pure: steps as stored <-> the transcript a brain reads, and which call is still open."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.brains.base import BrainCalled, BrainSaid, BrainThought, CallResult, Entry, JsonObject, JsonValue, UserSaid
from policy.provenance import LookedUp
from storage.records import Step, StepKind
from tools.registry import Registry
from tools.sealing import SealedEvidence

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
    newest = {str(s.body["call_id"]): s.body for s in steps if s.kind is StepKind.CALLED}
    # Said once, when the playbook asked; what a person edits afterwards is told apart by changed_by_people.
    drawn = {str(s.body["call_id"]): s.body["drawn_from"] for s in steps if "drawn_from" in s.body}
    return [
        OpenCall(
            call_id=call_id,
            tool=str(body["tool"]),
            arguments=_object(body["arguments"]),
            reason_code=str(body.get("reason_code", "")),
            why=str(body.get("why", "")),
            skill=str(body.get("skill", "")),
            edited_by=str(body.get("edited_by", "")),
            drawn_from=_drawn(drawn.get(call_id)),
        )
        for call_id, body in newest.items()
        if call_id not in done
    ]


def changed_by_people(steps: Sequence[Step], call_id: str) -> dict[str, JsonValue]:
    """The top-level arguments of a call that a person typed in an edit, with the value that stands now."""
    asked = [s.body for s in steps if s.kind is StepKind.CALLED and str(s.body["call_id"]) == call_id]
    own: dict[str, JsonValue] = {}
    for before, after in itertools.pairwise(asked):
        old, new = _object(before["arguments"]), _object(after["arguments"])
        if after.get("edited_by"):
            own |= {name: value for name, value in new.items() if old.get(name) != value}
    return own


def trusted_words(steps: Sequence[Step]) -> list[str]:
    """What people asked in this task, word for word; nothing quoted, nothing read elsewhere, no alert's title."""
    return [str(s.body["text"]) for s in steps if s.kind is StepKind.USER and not s.body.get("hearsay")]


def looked_up(steps: Sequence[Step], registry: Registry) -> list[LookedUp]:
    """Values that tools returned in this task and that are our own systems' state."""
    trusted = {tool.name for tool in registry if tool.manifest.trusted_output}
    fields = {tool.name: frozenset(tool.manifest.trusted_fields) for tool in registry if tool.manifest.trusted_fields}
    out: list[LookedUp] = []
    for step in steps:
        if step.kind is StepKind.RESULT and step.body["status"] == "ran":
            name, found = str(step.body["tool"]), list[LookedUp]()
            if name in trusted or name in fields:
                _walk(name, "", step.body["content"], found)
            out.extend(one for one in found if name in trusted or _field(one.path) in fields[name])
    return out


def _field(path: str) -> str:
    """The field a path ends in, without the places of lists."""
    return re.sub(r"\[\d+\]", "", path).rpartition(".")[2]


def evidence_so_far(steps: Sequence[Step]) -> tuple[SealedEvidence, ...]:
    """The newest snapshots of this task, oldest first."""
    found = [
        SealedEvidence(hash=str(s.body["evidence"]), label=str(s.body.get("finding") or s.body["tool"]))
        for s in steps
        if s.kind is StepKind.RESULT and s.body.get("evidence")
    ]
    return tuple(found[-MOST_EVIDENCE:])


def _walk(tool: str, path: str, value: object, out: list[LookedUp]) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _walk(tool, f"{path}.{name}" if path else str(name), item, out)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _walk(tool, f"{path}[{index}]", item, out)
    elif isinstance(value, str | int | float | bool):
        out.append(LookedUp(tool=tool, path=path, value=value))


def _drawn(value: object) -> dict[str, tuple[str, ...]]:
    found = value if isinstance(value, dict) else {}
    return {str(name): tuple(map(str, tools)) for name, tools in found.items() if isinstance(tools, list)}


def _object(value: object) -> JsonObject:
    assert isinstance(value, dict)
    return value
