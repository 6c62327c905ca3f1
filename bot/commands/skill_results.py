"""What a run of a skill came to, for programs: JSON, or the text that Prometheus reads."""

import json
from dataclasses import dataclass

from storage.records import JsonObject, JsonValue, Step, StepKind, Task


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


def result_of(name: str, task: Task, transcript: list[Step]) -> Result:
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
            "seconds": round(result.seconds, 3),
        },
        ensure_ascii=False,
        indent=2,
    )


def as_prometheus(result: Result) -> str:
    """Its numbers and truths as gauges; text has no place there."""
    label = f'{{skill="{result.skill}"}}'
    ok = result.ended and not result.failed
    lines = [*_gauge("ok", label, ok), *_gauge("seconds", label, round(result.seconds, 3))]
    for name, value in sorted(result.output.items()):
        if isinstance(value, bool | int | float):
            lines += _gauge(name, label, value)
        elif isinstance(value, list):
            lines += _gauge(f"{name}_count", label, len(value))
    return "\n".join(lines) + "\n"


def _gauge(name: str, label: str, value: JsonValue) -> list[str]:
    full = f"autopilot_skill_{name}"
    number = int(value) if isinstance(value, bool) else value
    return [f"# TYPE {full} gauge", f"{full}{label} {number}"]
