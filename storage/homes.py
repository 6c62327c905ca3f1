"""Whose Home is kept up to date, and up to which entry of the record it shows things."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_or_update
from storage.tables import audit_heads, homes

WAKE = "homes"
OPEN_FOR = 24 * 3600
"""seconds after it was opened last; Slack does not say when somebody leaves Home"""


_BEHIND = sa.case((homes.c.seq >= 0, -1), else_=homes.c.seq - 1)
"""never the same twice: whoever publishes meanwhile sees that it was asked for again"""


@dataclass(frozen=True, kw_only=True)
class Home:
    """One person's Home that is behind."""

    tenant: str
    person: str
    upto: int
    """the record's newest entry when this was read: what is drawn after shows at least that"""
    shown: str
    """what was published last, as its digest"""
    seq: int
    """up to where it was drawn when this was read"""


async def opened(tx: Tx, tenant: str, person: str) -> None:
    """Somebody looks at their Home: it is published now, and again whenever it changes."""
    again: dict[str, Any] = {"opened_at": now(), "seq": _BEHIND, "shown": ""}
    row = {"tenant": tenant, "person": person, "opened_at": now(), "seq": -1, "shown": ""}
    await tx.run(insert_or_update(tx, homes, row, key=("tenant", "person"), again=again))
    tx.hint(WAKE)


async def outdated(tx: Tx, tenant: str) -> None:
    """Something that no entry of the record tells of changed for every open Home: where a card is."""
    # locked in one order, so that two replicas that post at once do not wait for each other
    pick = (
        sa.select(homes.c.person)
        .where(homes.c.tenant == tenant, homes.c.opened_at > now() - OPEN_FOR)
        .order_by(homes.c.person)
        .with_for_update()
    )
    await tx.run(homes.update().where(homes.c.tenant == tenant, homes.c.person.in_(pick)).values(seq=_BEHIND))
    tx.hint(WAKE)


async def claim(tx: Tx, *, owner: str, lease: float, limit: int) -> list[Home]:
    """Lease the Homes that something was recorded for since they were drawn, each to one replica."""
    head = sa.func.coalesce(
        sa.select(audit_heads.c.seq).where(audit_heads.c.tenant == homes.c.tenant).scalar_subquery(), 0
    )
    pick = (
        sa.select(homes.c.tenant, homes.c.person)
        .where(
            homes.c.seq < head,
            homes.c.opened_at > now() - OPEN_FOR,
            sa.or_(homes.c.owner.is_(None), homes.c.lease_until < now()),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = await tx.run(
        homes.update()
        .where(sa.tuple_(homes.c.tenant, homes.c.person).in_(pick))
        .values(owner=owner, lease_until=now() + lease)
        .returning(homes.c.tenant, homes.c.person, homes.c.shown, homes.c.seq, head.label("upto"))
    )
    return [Home(**{name: row._mapping[name] for name in Home.__dataclass_fields__}) for row in rows]


async def published(tx: Tx, home: Home, shown: str, *, owner: str) -> None:
    """Note what it shows now; what was asked for meanwhile stays asked for. Nothing when another replica has it."""
    await tx.run(
        homes.update()
        .where(homes.c.tenant == home.tenant, homes.c.person == home.person, homes.c.owner == owner)
        .values(
            seq=sa.case((homes.c.seq == home.seq, home.upto), else_=homes.c.seq),
            shown=sa.case((homes.c.shown == home.shown, shown), else_=homes.c.shown),
            owner=None,
            lease_until=None,
        )
    )


async def forget(tx: Tx, tenant: str) -> None:
    """Nobody looks at a Home there any more."""
    await tx.run(homes.delete().where(homes.c.tenant == tenant))
