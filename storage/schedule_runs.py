"""Runs of schedules that act. A schedule has at most one that has not ended: a unique index says so."""

from typing import Any

import sqlalchemy as sa

from storage import tasks as task_store
from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.inserts import insert_new
from storage.records import Schedule, ScheduleRun, Source, Task
from storage.rollouts import Stage
from storage.tables import schedule_runs, tasks


def _record(row: sa.Row[Any]) -> ScheduleRun:
    return ScheduleRun(**{name: row._mapping[name] for name in ScheduleRun.__dataclass_fields__})


async def begin(
    tx: Tx, schedule: Schedule, *, definition: str, stage: Stage, planned_at: float, text: str
) -> ScheduleRun | None:
    """A new run, or None while another run of this schedule has not ended."""
    values = {
        "id": new_id("r"),
        "tenant": schedule.tenant,
        "schedule_id": schedule.id,
        "definition": definition,
        "stage": stage,
        "planned_at": planned_at,
        "requester": schedule.owner,
        "channel": schedule.channel,
        "text": text,
        "began_at": now(),
    }
    row = (await tx.run(insert_new(tx, schedule_runs).values(values).returning(schedule_runs))).one_or_none()
    return None if row is None else _record(row)


async def open_ones(tx: Tx, limit: int = 100) -> list[ScheduleRun]:
    """Runs of all tenants that have not ended, oldest first."""
    query = sa.select(schedule_runs).where(schedule_runs.c.closed_at.is_(None))
    return [_record(row) for row in await tx.run(query.order_by(schedule_runs.c.began_at).limit(limit))]


async def give_task(tx: Tx, run: ScheduleRun, task_id: str) -> None:
    """Note which task the run is."""
    here = sa.and_(schedule_runs.c.id == run.id, schedule_runs.c.task_id.is_(None))
    await tx.run(schedule_runs.update().where(here).values(task_id=task_id))


async def task_begun(tx: Tx, run: ScheduleRun, thread_ts: str) -> Task | None:
    """The task that was begun for it in this thread, where somebody died before saying so; other runs may be in it."""
    here = (tasks.c.tenant == run.tenant, tasks.c.channel == run.channel, tasks.c.thread_ts == thread_ts)
    began = sa.select(schedule_runs.c.began_at).where(schedule_runs.c.id == run.id).scalar_subquery()
    which = (*here, tasks.c.source == Source.SCHEDULE, tasks.c.created_at >= began)
    row = (await tx.run(sa.select(tasks.c.id).where(*which).order_by(tasks.c.created_at.desc()).limit(1))).one_or_none()
    return None if row is None else await task_store.get(tx, run.tenant, row.id)


async def close(tx: Tx, run: ScheduleRun) -> bool:
    """End a run; False when another replica did."""
    here = sa.and_(schedule_runs.c.id == run.id, schedule_runs.c.closed_at.is_(None))
    return bool((await tx.run(schedule_runs.update().where(here).values(closed_at=now()))).rowcount)
