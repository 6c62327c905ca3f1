"""The transcript of a task: appended, never changed."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from storage import tasks
from storage.clock import now
from storage.db import Tx
from storage.plain import Plain, parsed
from storage.records import JsonObject, Step, StepKind, Task
from storage.tables import steps


def _step(row: Sequence[Any]) -> Step:
    values = dict(zip(_FIELDS, row, strict=True))
    return Step(**{**values, "kind": StepKind(values["kind"]), "body": parsed(values["body"])})


_LAST = Plain(sa.select(sa.func.max(steps.c.seq)).where(steps.c.task_id == sa.bindparam("task")), ("task",))
_FIELDS = ("task_id", "seq", "turn", "kind", "body", "at")
_COLUMNS = [steps.c[name] for name in _FIELDS]
_APPEND = Plain(
    steps.insert().values(at=now()).returning(*_COLUMNS), ("task_id", "tenant", "seq", "turn", "kind", "body")
)
_OF_TASK = Plain(
    sa.select(*_COLUMNS)
    .where(steps.c.task_id == sa.bindparam("task"), steps.c.tenant == sa.bindparam("of"))
    .order_by(steps.c.seq),
    ("task", "of"),
)


async def append(tx: Tx, task: Task, turn: int, entries: Sequence[tuple[StepKind, JsonObject]]) -> list[Step]:
    """Add entries at the end of the transcript, in order. Two writers at once queue on the task's row."""
    await tasks.lock(tx, task.tenant, task.id)
    [(last,)] = await _LAST.run(tx, {"task": task.id})
    first = 0 if last is None else last + 1
    return [await _add(tx, task, first + n, turn, kind, body) for n, (kind, body) in enumerate(entries)]


async def _add(tx: Tx, task: Task, seq: int, turn: int, kind: StepKind, body: JsonObject) -> Step:
    row = {"task_id": task.id, "tenant": task.tenant, "seq": seq, "turn": turn, "kind": kind, "body": json.dumps(body)}
    [added] = await _APPEND.run(tx, row)
    return _step(added)


async def begin(tx: Tx, task: Task, kind: StepKind, body: JsonObject) -> None:
    """The first entry of a task that this very transaction made: nobody else can know it yet."""
    await _add(tx, task, 0, 0, kind, body)


async def of_task(tx: Tx, task: Task) -> list[Step]:
    """The whole transcript, in order."""
    return [_step(row) for row in await _OF_TASK.run(tx, {"task": task.id, "of": task.tenant})]
