"""What a run of a skill came to, for programs: JSON, or the text that Prometheus reads."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from storage.records import JsonObject, Step, StepKind, Task


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run as its last note says."""

    skill: str
    ended: bool
    """it came to an end by itself; else it waits for people, was stopped, or broke"""
    state: str
    failed: str
    output: JsonObject
    said: str
    seconds: float
    alerts: tuple[str, ...] = ()
    """what people were to be told at once"""


def result_of(name: str, task: Task, transcript: list[Step], alerts: Sequence[str] = ()) -> Result:
    """The run of the skill that this task is."""
    notes = [s.body for s in transcript if s.kind is StepKind.NOTE and s.body.get("path") == ""]
    said = "".join(str(s.body["text"]) for s in transcript if s.kind is StepKind.SAID)
    note = notes[-1] if notes else {}
    output = note.get("output")
    return Result(
        skill=name,
        ended=bool(notes),
        state=task.state,
        failed=str(note.get("failed", "")) if notes else task.reason or said,
        output=output if isinstance(output, dict) else {},
        said=said,
        seconds=(task.finished_at or task.updated_at) - task.created_at,
        alerts=tuple(alerts),
    )


def as_json(result: Result) -> str:
    return json.dumps(
        {
            "skill": result.skill,
            "ok": result.ended and not result.failed,
            "state": result.state,
            "failed": result.failed or None,
            "output": result.output,
            "said": result.said,
            "alerts": list(result.alerts),
            "seconds": round(result.seconds, 3),
        },
        ensure_ascii=False,
        indent=2,
    )


def as_prometheus(result: Result) -> str:
    """Its numbers and truths as gauges, each name once; text has no place there."""
    ok = result.ended and not result.failed
    gauges: dict[str, float] = {"ok": int(ok), "seconds": round(result.seconds, 3), "alerts": len(result.alerts)}
    for name, value in sorted(result.output.items()):
        safe = "output_" + re.sub(r"[^a-zA-Z0-9_]", "_", name)  # an output may be called ok, too
        if isinstance(value, bool | int | float):
            gauges.setdefault(safe, int(value) if isinstance(value, bool) else value)
        elif isinstance(value, list):
            gauges.setdefault(f"{safe}_count", len(value))
    return "".join(
        f'# TYPE autopilot_skill_{name} gauge\nautopilot_skill_{name}{{skill="{result.skill}"}} {value}\n'
        for name, value in gauges.items()
    )
