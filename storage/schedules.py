"""Saved schedules. Firing inserts its run under (schedule, planned time) and moves `next_at`, in one transaction."""

from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.errors import NotFound
from storage.ids import new_id
from storage.inserts import insert_new
from storage.picking import known
from storage.records import JsonObject, Schedule, ScheduleKind
from storage.tables import schedules


def _record(row: sa.Row[Any]) -> Schedule:
    values = {name: row._mapping[name] for name in Schedule.__dataclass_fields__}
    return Schedule(**{**values, "kind": ScheduleKind(row.kind)})


async def add(
    tx: Tx,
    *,
    tenant: str,
    kind: ScheduleKind,
    cron: str,
    tz: str,
    channel: str,
    next_at: float,
    every_seconds: float | None = None,
    payload: JsonObject | None = None,
    owner: str = "",
    enabled: bool = True,
    schedule_id: str = "",
) -> Schedule | None:
    """Save a new schedule; None when there is one of this id, even one that people removed."""
    values = {
        "id": schedule_id or new_id("s"),
        "tenant": tenant,
        "kind": kind,
        "cron": cron,
        "every_seconds": every_seconds,
        "tz": tz,
        "channel": channel,
        "payload": payload or {},
        "owner": owner,
        "enabled": enabled,
        "next_at": next_at,
    }
    row = (await tx.run(insert_new(tx, schedules).values(values).returning(schedules))).one_or_none()
    return None if row is None else _record(row)


async def get(tx: Tx, tenant: str, schedule_id: str, *, lock: bool = False) -> Schedule:
    """One schedule of this tenant; with `lock`, nobody else changes it until this transaction ends.

    Raises:
        NotFound: there is none, or people removed it.
    """
    query = sa.select(schedules).where(_here(tenant, schedule_id))
    row = (await tx.run(query.with_for_update(key_share=True) if lock else query)).one_or_none()
    if row is None:
        raise NotFound("schedule", schedule_id)
    return _record(row)


async def change(tx: Tx, schedule: Schedule, **columns: Any) -> Schedule:
    """Set columns of a schedule.

    Raises:
        NotFound: people removed it.
    """
    where = _here(schedule.tenant, schedule.id)
    row = (await tx.run(schedules.update().where(where).values(columns).returning(schedules))).one_or_none()
    if row is None:
        raise NotFound("schedule", schedule.id)
    return _record(row)


async def remove(tx: Tx, schedule: Schedule) -> None:
    """Take it away for good. The row stays, so that what the settings ask for does not come back at the next start."""
    await change(tx, schedule, removed_at=now(), enabled=False)


async def due(tx: Tx, at: float, limit: int = 50) -> list[Schedule]:
    """Enabled schedules whose time has come; locked until the transaction ends, skipped by other replicas."""
    rows = await tx.run(
        sa.select(schedules)
        .where(schedules.c.enabled, schedules.c.removed_at.is_(None), schedules.c.next_at <= at)
        .where(known(schedules.c.kind, ScheduleKind))
        .order_by(schedules.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return [_record(row) for row in rows]


async def of_tenant(tx: Tx, tenant: str) -> list[Schedule]:
    """All schedules of a tenant, oldest first."""
    mine = sa.and_(schedules.c.tenant == tenant, schedules.c.removed_at.is_(None))
    return [_record(row) for row in await tx.run(sa.select(schedules).where(mine).order_by(schedules.c.id))]


def _here(tenant: str, schedule_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(schedules.c.tenant == tenant, schedules.c.id == schedule_id, schedules.c.removed_at.is_(None))
