"""The kill switch: one row for each thing that stands still. Read where a call is begun, so it is exact, not cached."""

from dataclasses import dataclass

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.plain import Plain
from storage.row_security import EVERYTHING
from storage.tables import halts

WAKE = "halts"
_LOCK = 0x68616C74
"""PostgreSQL's advisory lock: shared by whoever begins a call, held alone while a halt is written"""


@dataclass(frozen=True, kw_only=True)
class Halt:
    """Who stopped what, and why."""

    tenant: str
    who: str
    """a person: a user id, or "cli:name" for somebody on the command line"""
    reason: str
    at: float

    def __str__(self) -> str:
        """In words for people, without an end: "halted by <@U1>: reason"."""
        name = self.who.removeprefix("cli:")
        person = f"{name} on the command line" if name != self.who else f"<@{self.who}>"
        return f"halted by {person}: {self.reason}"


_STANDING = Plain(
    sa.select(halts.c.tenant, halts.c.who, halts.c.reason, halts.c.at)
    .where(sa.or_(halts.c.tenant == sa.bindparam("of"), halts.c.tenant == EVERYTHING))
    .order_by(halts.c.tenant != EVERYTHING)
    .limit(1),
    ("of",),
)
_SHARED = Plain(sa.select(sa.func.pg_advisory_xact_lock_shared(sa.literal_column(str(_LOCK)))), ())
_ALONE = sa.text(f"select pg_advisory_xact_lock({_LOCK})")


async def standing(tx: Tx, tenant: str) -> Halt | None:
    """The halt over this tenant now, or None; one over everything comes first."""
    rows = await _STANDING.run(tx, {"of": tenant})
    return None if not rows else Halt(**dict(zip(("tenant", "who", "reason", "at"), rows[0], strict=True)))


async def at_dispatch(tx: Tx, tenant: str) -> Halt | None:
    """As `standing`, and no halt is written until this transaction ends: a call begun here was begun before it."""
    if tx.conn.dialect.name == "postgresql":  # SQLite's write transactions already wait for each other
        await _SHARED.run(tx, {})
    return await standing(tx, tenant)


async def put(tx: Tx, tenant: str, *, who: str, reason: str) -> Halt | None:
    """Halt a tenant, or EVERYTHING; None when it already stands still."""
    await _alone(tx)
    if (await tx.run(sa.select(halts.c.tenant).where(halts.c.tenant == tenant))).first() is not None:
        return None
    row = (await tx.run(halts.insert().values(tenant=tenant, who=who, reason=reason, at=now()).returning(halts))).one()
    tx.hint(WAKE)
    return Halt(tenant=row.tenant, who=row.who, reason=row.reason, at=row.at)


async def lift(tx: Tx, tenant: str) -> Halt | None:
    """End the halt of a tenant, or of EVERYTHING; what it was, or None when there was none."""
    await _alone(tx)
    row = (await tx.run(halts.delete().where(halts.c.tenant == tenant).returning(halts))).one_or_none()
    tx.hint(WAKE)
    return None if row is None else Halt(tenant=row.tenant, who=row.who, reason=row.reason, at=row.at)


async def _alone(tx: Tx) -> None:
    if tx.conn.dialect.name == "postgresql":
        await tx.run(_ALONE)
