"""Saved schedules. Firing inserts its run under (schedule, planned time) and moves `next_at`, in one transaction."""

from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.records import JsonObject, Schedule
from storage.tables import schedules


def _record(row: sa.Row[Any]) -> Schedule:
    return Schedule(**{name: row._mapping[name] for name in Schedule.__dataclass_fields__})


async def put(
    tx: Tx,
    *,
    tenant: str,
    kind: str,
    cron: str,
    tz: str,
    channel: str,
    next_at: float,
    payload: JsonObject | None = None,
    enabled: bool = True,
) -> Schedule:
    """Save a schedule, or change the one of this kind in this channel."""
    same = sa.and_(schedules.c.tenant == tenant, schedules.c.kind == kind, schedules.c.channel == channel)
    values: dict[str, Any] = {"cron": cron, "tz": tz, "next_at": next_at, "payload": payload or {}, "enabled": enabled}
    row = (await tx.run(schedules.update().where(same).values(values).returning(schedules))).one_or_none()
    if row is None:
        insert = schedules.insert().values(id=new_id("s"), tenant=tenant, kind=kind, channel=channel, **values)
        row = (await tx.run(insert.returning(schedules))).one()
    return _record(row)


async def due(tx: Tx, limit: int = 50) -> list[Schedule]:
    """Enabled schedules whose time has come; locked until the transaction ends, skipped by other replicas."""
    rows = await tx.run(
        sa.select(schedules)
        .where(schedules.c.enabled, schedules.c.next_at <= now())
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_record(row) for row in rows]


async def advance(tx: Tx, schedule: Schedule, next_at: float) -> None:
    """Move on to the next planned time."""
    await tx.run(
        schedules.update().where(schedules.c.id == schedule.id).values(next_at=next_at, last_at=schedule.next_at)
    )


async def of_tenant(tx: Tx, tenant: str) -> list[Schedule]:
    """All schedules of a tenant."""
    rows = await tx.run(sa.select(schedules).where(schedules.c.tenant == tenant).order_by(schedules.c.id))
    return [_record(row) for row in rows]
