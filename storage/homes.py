"""Whose Home is kept up to date, and up to which entry of the record it shows things."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_or_update
from storage.picking import once
from storage.records import JsonObject
from storage.tables import audit_heads, homes

WAKE = "homes"
OPEN_FOR = 24 * 3600
"""seconds after it was opened last; Slack does not say when somebody leaves Home"""


_BEHIND = sa.case((homes.c.seq >= 0, -1), else_=homes.c.seq - 1)
"""never the same twice: whoever publishes meanwhile sees that it was asked for again"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a person chose to see on their Home."""

    area: str = ""
    """"" is everything"""
    pages: Mapping[str, int] = field(default_factory=dict)
    """list → which page of it, from 0"""

    def page(self, name: str) -> int:
        return self.pages.get(name, 0)


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
    look: Look


async def opened(tx: Tx, tenant: str, person: str) -> None:
    """Somebody looks at their Home: it is published now, and again whenever it changes."""
    again: dict[str, Any] = {"opened_at": now(), "seq": _BEHIND, "shown": ""}
    row = {"tenant": tenant, "person": person, "opened_at": now(), "seq": -1, "shown": ""}
    await tx.run(insert_or_update(tx, homes, row, key=("tenant", "person"), again=again))
    tx.hint(WAKE)


async def turn(
    tx: Tx, tenant: str, person: str, *, area: str | None = None, page: tuple[str, int] | None = None
) -> None:
    """Look at another area (at its first pages), or at another page of one list."""
    which = sa.and_(homes.c.tenant == tenant, homes.c.person == person)
    row = (await tx.run(sa.select(homes.c.look).where(which).with_for_update())).one_or_none()
    look = _look((row.look if row is not None else None) or {})
    if area is not None:
        look = Look(area=area)
    if page is not None:
        look = Look(area=look.area, pages={**look.pages, page[0]: page[1]})
    chosen: JsonObject = {"area": look.area, "pages": dict(look.pages)}
    await tx.run(homes.update().where(which).values(look=chosen, opened_at=now(), seq=_BEHIND))
    tx.hint(WAKE)


def _look(body: JsonObject) -> Look:
    pages = body.get("pages")
    return Look(
        area=str(body.get("area", "")),
        pages={name: int(str(page)) for name, page in pages.items()} if isinstance(pages, dict) else {},
    )


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
        .order_by(homes.c.seq)  # whoever asked, then who saw nothing new for longest: however much happens, all get it
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = await tx.run(
        homes.update()
        .where(sa.tuple_(homes.c.tenant, homes.c.person).in_(once(pick)))
        .values(owner=owner, lease_until=now() + lease)
        .returning(homes.c.tenant, homes.c.person, homes.c.shown, homes.c.seq, homes.c.look, head.label("upto"))
    )
    return [_home(row) for row in rows]


def _home(row: sa.Row[Any]) -> Home:
    names = Home.__dataclass_fields__.keys() - {"look"}
    return Home(look=_look(row.look or {}), **{name: row._mapping[name] for name in names})


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
