"""What one agent may do less with one tool, since something was wrong. Only a person's word ends it."""

from dataclasses import dataclass

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_or_update
from storage.plain import Plain
from storage.tables import lowerings

NOT_LOWERED = 4


@dataclass(frozen=True, kw_only=True)
class Lowering:
    """One row: standing while nobody has raised it."""

    tenant: str
    agent: str
    tool: str
    at_most: int
    """the highest level"""
    why: str
    at: float
    raised_by: str | None
    raised_at: float | None

    @property
    def stands(self) -> bool:
        return self.raised_at is None


_FIELDS = tuple(Lowering.__dataclass_fields__)
_FIND = Plain(
    sa.select(*(lowerings.c[name] for name in _FIELDS)).where(
        lowerings.c.tenant == sa.bindparam("of"),
        lowerings.c.agent == sa.bindparam("by"),
        lowerings.c.tool == sa.bindparam("with"),
    ),
    ("of", "by", "with"),
)


async def find(tx: Tx, tenant: str, agent: str, tool: str) -> Lowering | None:
    """The last lowering of this tool for this agent, standing or raised."""
    rows = await _FIND.run(tx, {"of": tenant, "by": agent, "with": tool})
    return None if not rows else Lowering(**dict(zip(_FIELDS, rows[0], strict=True)))


async def at_most(tx: Tx, tenant: str, agent: str, tool: str) -> int:
    """The highest level this agent has with this tool now."""
    found = await find(tx, tenant, agent, tool)
    return found.at_most if found is not None and found.stands else NOT_LOWERED


async def standing(tx: Tx, tenant: str) -> list[Lowering]:
    """All that stand in a tenant, oldest first."""
    asked = sa.select(lowerings).where(lowerings.c.tenant == tenant, lowerings.c.raised_at.is_(None))
    return [Lowering(**row._mapping) for row in await tx.run(asked.order_by(lowerings.c.at))]


async def lower(tx: Tx, tenant: str, agent: str, tool: str, *, to: int, why: str) -> bool:
    """Lower a tool; False when it stands lowered already."""
    found = await find(tx, tenant, agent, tool)
    if found is not None and found.stands:
        return False
    values = {"tenant": tenant, "agent": agent, "tool": tool, "at_most": to, "why": why}
    values |= {"at": now(), "raised_by": None, "raised_at": None}
    again = {name: values[name] for name in ("at_most", "why", "at", "raised_by", "raised_at")}
    await tx.run(insert_or_update(tx, lowerings, values, key=("tenant", "agent", "tool"), again=again))
    return True


async def lift(tx: Tx, tenant: str, tool: str, *, by: str) -> list[Lowering]:
    """End what stands lowered of this tool, of every agent; what that was."""
    ended = await tx.run(
        lowerings.update()
        .where(lowerings.c.tenant == tenant, lowerings.c.tool == tool, lowerings.c.raised_at.is_(None))
        .values(raised_by=by, raised_at=now())
        .returning(lowerings)
    )
    return [Lowering(**row._mapping) for row in ended]
