"""The table of many runs: engine by fault, with everything that must be zero beside what was done to get there."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.chaos.lane import Result
from tests.chaos.plan import Engine, FaultKind

_COLUMNS = (
    "runs", "faults", "kills", "executions", "twice", "lost", "stuck", "in doubt", "without people", "posted twice",
    "chain broken",
)  # fmt: skip
DELIVERIES = "deliveries twice or late"


def as_markdown(results: Sequence[Result], *, seconds: float) -> str:
    """For people. A run with two kinds of faults stands in two lines; the sum counts it once."""
    lines = ["| engine | fault | " + " | ".join(_COLUMNS) + " |", "|---|---|" + "---:|" * len(_COLUMNS)]
    for engine in Engine:
        for fault in (*FaultKind, DELIVERIES):
            chosen = [r for r in results if r.plan.engine is engine and _has(r, fault)]
            lines.append(_line(engine, fault, chosen, fault))
    lines.append(_line("all", "", results, ""))
    bad = [r.plan.seed for r in results if r.troubles]
    lines.append("")
    lines.append(
        f"{len(results)} runs in {seconds / 60:.1f} min; " + (f"BAD seeds: {bad}" if bad else "no run was bad")
    )
    return "\n".join(lines)


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Every run, for machines."""
    return [json.loads(json.dumps(asdict(result))) for result in results]


def _has(result: Result, fault: str) -> bool:
    if fault == DELIVERIES:
        return bool(result.twice or result.late)
    return any(f.kind == fault for f in result.plan.faults)


def _line(engine: str, fault: str, results: Sequence[Result], kind: str) -> str:
    struck = sum(sum(1 for s in r.struck if not kind or s == kind) for r in results)
    if kind == DELIVERIES:
        struck = sum(r.twice + r.late for r in results)
    numbers = (
        len(results), struck, sum(r.kills for r in results), sum(r.verdict.executions for r in results),
        sum(len(r.verdict.doubles) for r in results), sum(len(r.verdict.lost) for r in results),
        sum(len(r.verdict.stuck) for r in results), sum(r.verdict.in_doubt for r in results),
        sum(len(r.verdict.doubts_without_people) for r in results),
        sum(len(r.verdict.posted_twice) for r in results), sum(len(r.verdict.chain) for r in results),
    )  # fmt: skip
    return f"| {engine} | {fault} | " + " | ".join(str(number) for number in numbers) + " |"
