"""Pure: which stored steps a thread has not shown yet, and how they look when they are shown from storage."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.agent.titles import not_done, step_title
from bot.agent.transcript import seconds_after
from bot.slack.cards.orphan import Step as ShownStep
from storage.records import JsonObject, Post, Step, StepKind
from tools.registry import Registry

_STATUS = {"ran": "complete", "previewed": "complete", "rejected": "complete", "expired": "complete"}
"""a No or no answer is not a failure, and is never shown as one"""
_NOT_DONE = {"previewed": "Dry run", "rejected": "Rejected", "expired": "Nobody answered"}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One thing to show: words, or a finished step."""

    text: str = ""
    step_id: str = ""
    title: str = ""
    status: str = ""
    output: str = ""
    evidence: str = ""


def covered(streams: Sequence[Post]) -> int:
    """The last step that closed messages of this task show; -1 when none."""
    return max((int(str(p.body.get("upto", -1))) for p in streams if p.shown >= p.wanted), default=-1)


def pieces(steps: Sequence[Step], after: int, registry: Registry) -> list[Piece]:
    """What steps beyond `after` look like, in order."""
    calls = {str(s.body["call_id"]): s.body for s in steps if s.kind is StepKind.CALLED}
    out: list[Piece] = []
    for step in steps:
        if step.seq <= after:
            continue
        if step.kind is StepKind.SAID:
            out.append(Piece(text=str(step.body["text"])))
        elif step.kind is StepKind.THOUGHT and step.body["text"]:
            out.append(Piece(step_id=f"thought-{step.seq}", title=str(step.body["text"]), status="complete"))
        elif step.kind is StepKind.RESULT and not seconds_after(calls.get(str(step.body["call_id"]), {})):
            out.append(_result(step.body, calls.get(str(step.body["call_id"]), {}), registry))
    return out


def _result(body: JsonObject, call: JsonObject, registry: Registry) -> Piece:
    content = body["content"]
    said = content.get("message", "") if isinstance(content, dict) else ""
    verified = content.get("verified") if isinstance(content, dict) else None
    seen = str(verified.get("says", "")) if isinstance(verified, dict) else ""
    arguments = call.get("arguments")
    status = str(body["status"])
    title = step_title(registry, str(body["tool"]), arguments if isinstance(arguments, dict) else {})
    return Piece(
        step_id=str(body["call_id"]),
        title=not_done(_NOT_DONE[status], title) if status in _NOT_DONE else title,
        status=_STATUS.get(status, "error"),
        output=seen or str(body.get("finding") or said),
        evidence=str(body.get("evidence") or ""),
    )


def as_orphan(found: Sequence[Piece]) -> tuple[list[ShownStep], list[str]]:
    """The same for an interrupted message drawn anew: its steps and its texts."""
    steps = [ShownStep(title=p.title, status=p.status, finding=p.output) for p in found if p.step_id]
    return steps, [p.text for p in found if p.text]
