"""When whom is to be asked about a waiting proposal. Each row is done once, whoever finds it."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.records import Reminder
from storage.tables import reminders


async def plan(tx: Tx, rows: Iterable[Reminder]) -> None:
    """Keep the reminders of a new proposal."""
    values = [{name: getattr(row, name) for name in Reminder.__dataclass_fields__} for row in rows]
    if values:
        await tx.run(reminders.insert(), values)


async def due(tx: Tx, limit: int = 50) -> list[tuple[str, str]]:
    """(tenant, proposal) with something due now, of all tenants. Not locked: lock the task first."""
    rows = await tx.run(
        sa.select(reminders.c.tenant, reminders.c.proposal_id, sa.func.min(reminders.c.due_at))
        .where(reminders.c.done_at.is_(None), reminders.c.due_at <= now())
        .group_by(reminders.c.tenant, reminders.c.proposal_id)
        .order_by(sa.func.min(reminders.c.due_at))
        .limit(limit)
    )
    return [(row.tenant, row.proposal_id) for row in rows]


async def due_of(tx: Tx, tenant: str, proposal_id: str) -> list[Reminder]:
    """What is due of one proposal, in the order it was planned."""
    rows = await tx.run(
        sa.select(reminders)
        .where(
            reminders.c.tenant == tenant,
            reminders.c.proposal_id == proposal_id,
            reminders.c.done_at.is_(None),
            reminders.c.due_at <= now(),
        )
        .order_by(reminders.c.step, reminders.c.audience)
    )
    return [Reminder(**{name: row._mapping[name] for name in Reminder.__dataclass_fields__}) for row in rows]


async def put_off(tx: Tx, row: Reminder, until: float) -> None:
    """It is due later: quiet hours, or somebody could not be asked."""
    await tx.run(_one(row).values(due_at=until))


async def done(tx: Tx, row: Reminder) -> bool:
    """Book it; False when somebody else had."""
    found = await tx.run(_one(row).where(reminders.c.done_at.is_(None)).values(done_at=now()))
    return bool(found.rowcount)


async def end(tx: Tx, tenant: str, proposal_id: str) -> None:
    """Nothing more is to be said about this proposal."""
    await tx.run(
        reminders.update()
        .where(reminders.c.tenant == tenant, reminders.c.proposal_id == proposal_id, reminders.c.done_at.is_(None))
        .values(done_at=now())
    )


def _one(row: Reminder) -> Any:
    return reminders.update().where(
        reminders.c.tenant == row.tenant,
        reminders.c.proposal_id == row.proposal_id,
        reminders.c.step == row.step,
        reminders.c.audience == row.audience,
    )
