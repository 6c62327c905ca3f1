"""Standing grants: one person's approval given ahead, for one exact call, a few times, for a while."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.tables import grants


@dataclass(frozen=True, kw_only=True)
class Grant:
    id: str
    tenant: str
    granter: str
    requester: str
    """only calls asked for by this person"""
    tool: str
    tool_version: str
    subject: str
    """canonical JSON of target and arguments: nothing else is granted"""
    says: str
    most_risk: int
    """of the card it was given on"""
    groups: list[str]
    """of the card's obligations; their people may revoke it"""
    most: int
    used: int
    proposal_id: str
    """the card it was given on"""
    expires_at: float
    revoked_by: str | None
    created_at: float


_FIELDS = tuple(Grant.__dataclass_fields__)
_STANDS = sa.and_(grants.c.revoked_by.is_(None), grants.c.used < grants.c.most, grants.c.expires_at > now())


def _record(row: sa.Row[Any]) -> Grant:
    return Grant(**{name: row._mapping[name] for name in _FIELDS})


async def give(tx: Tx, *, seconds: float, **values: Any) -> Grant:
    """Keep a new grant that ends in so many seconds, by the database's clock."""
    row = {"id": new_id("g"), "used": 0, "revoked_by": None, **values}
    made = grants.insert().values(**row, expires_at=now() + seconds, created_at=now()).returning(grants)
    return _record((await tx.run(made)).one())


async def standing(tx: Tx, tenant: str) -> list[Grant]:
    """What can still be used, the oldest first."""
    rows = await tx.run(sa.select(grants).where(grants.c.tenant == tenant, _STANDS).order_by(grants.c.created_at))
    return [_record(row) for row in rows]


async def find(tx: Tx, tenant: str, grant_id: str) -> Grant | None:
    row = (await tx.run(sa.select(grants).where(grants.c.tenant == tenant, grants.c.id == grant_id))).one_or_none()
    return None if row is None else _record(row)


async def use(tx: Tx, tenant: str, grant_id: str) -> Grant | None:
    """Count one use, in the transaction of the intent; None when it has ended. Two replicas never share the last."""
    counted = (
        grants.update()
        .where(grants.c.tenant == tenant, grants.c.id == grant_id, _STANDS)
        .values(used=grants.c.used + 1)
        .returning(grants)
    )
    row = (await tx.run(counted)).one_or_none()
    return None if row is None else _record(row)


async def revoke(tx: Tx, tenant: str, grant_id: str, who: str) -> bool:
    """End a grant; False when it had ended."""
    done = await tx.run(
        grants.update().where(grants.c.tenant == tenant, grants.c.id == grant_id, _STANDS).values(revoked_by=who)
    )
    return bool(done.rowcount)
