"""The transcript of a task: appended, never changed."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from storage import tasks
from storage.clock import now
from storage.db import Tx
from storage.records import JsonObject, Step, StepKind, Task
from storage.tables import steps


def _record(row: sa.Row[Any]) -> Step:
    return Step(task_id=row.task_id, seq=row.seq, turn=row.turn, kind=StepKind(row.kind), body=row.body, at=row.at)


_LAST = sa.select(sa.func.max(steps.c.seq)).where(steps.c.task_id == sa.bindparam("task"))
_APPEND = steps.insert().values(at=now()).returning(steps)


async def append(tx: Tx, task: Task, turn: int, entries: Sequence[tuple[StepKind, JsonObject]]) -> list[Step]:
    """Add entries at the end of the transcript, in order. Two writers at once queue on the task's row."""
    await tasks.lock(tx, task.tenant, task.id)
    last = (await tx.run(_LAST, {"task": task.id})).scalar()
    first = 0 if last is None else last + 1
    rows = [
        {"task_id": task.id, "tenant": task.tenant, "seq": first + n, "turn": turn, "kind": kind, "body": body}
        for n, (kind, body) in enumerate(entries)
    ]
    out = []
    for row in rows:
        out.append(_record((await tx.run(_APPEND, row)).one()))
    return out


async def begin(tx: Tx, task: Task, kind: StepKind, body: JsonObject) -> None:
    """The first entry of a task that this very transaction made: nobody else can know it yet."""
    row = {"task_id": task.id, "tenant": task.tenant, "seq": 0, "turn": 0, "kind": kind, "body": body}
    await tx.run(_APPEND, row)


async def of_task(tx: Tx, task: Task) -> list[Step]:
    """The whole transcript, in order."""
    rows = await tx.run(
        sa.select(steps).where(steps.c.task_id == task.id, steps.c.tenant == task.tenant).order_by(steps.c.seq)
    )
    return [_record(row) for row in rows]
