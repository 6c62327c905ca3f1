"""Who has a second factor: the secret, as ciphertext that only the bot's key opens, and what was tried with it."""

from dataclasses import dataclass

import sqlalchemy as sa

from storage import audit
from storage.clock import now
from storage.db import Tx
from storage.errors import NotFound
from storage.inserts import insert_or_update
from storage.tables import factors

MOST_TRIES, TRIES_SECONDS = 10, 900.0
"""codes one person may get wrong in a row, and how long it takes until they may try again"""


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One person's authenticator app."""

    tenant: str
    person: str
    secret: str
    """ciphertext"""
    last_step: int
    """the newest time step whose code was taken; it and those before it are used up"""
    enrolled_at: float


def _record(row: sa.Row[tuple[object, ...]]) -> Factor:
    return Factor(**{name: row._mapping[name] for name in Factor.__dataclass_fields__})


async def enrol(tx: Tx, tenant: str, person: str, secret: str, *, by: str) -> None:
    """Keep a person's secret (ciphertext) in place of an earlier one."""
    fresh = {"secret": secret, "last_step": 0, "tries": 0, "tries_since": now(), "enrolled_at": now()}
    row = {"tenant": tenant, "person": person, **fresh}
    await tx.run(insert_or_update(tx, factors, row, key=("tenant", "person"), again=fresh))
    await audit.append(tx, tenant, "ops.approver.enrolled", body={"who": person, "by": by, "factor": "totp"})


async def reseal(tx: Tx, factor: Factor, secret: str) -> bool:
    """Keep the same secret under another key (ciphertext); False when the person was enrolled anew meanwhile."""
    mine = sa.and_(factors.c.tenant == factor.tenant, factors.c.person == factor.person)
    done = await tx.run(factors.update().where(mine, factors.c.secret == factor.secret).values(secret=secret))
    return bool(done.rowcount)


async def remove(tx: Tx, tenant: str, person: str, *, by: str) -> None:
    """Forget a person's secret.

    Raises:
        NotFound: they have none.
    """
    done = await tx.run(factors.delete().where(factors.c.tenant == tenant, factors.c.person == person))
    if not done.rowcount:
        raise NotFound("second factor", person)
    await audit.append(tx, tenant, "ops.approver.removed", body={"who": person, "by": by, "factor": "totp"})


async def find(tx: Tx, tenant: str, person: str) -> Factor | None:
    """A person's second factor, or None."""
    row = (await tx.run(sa.select(factors).where(factors.c.tenant == tenant, factors.c.person == person))).one_or_none()
    return None if row is None else _record(row)


async def of_tenant(tx: Tx, tenant: str) -> list[Factor]:
    """Everybody who is enrolled."""
    rows = await tx.run(sa.select(factors).where(factors.c.tenant == tenant).order_by(factors.c.person))
    return [_record(row) for row in rows]


async def count_try(tx: Tx, tenant: str, person: str) -> Factor | None:
    """Count a code before it is looked at; None when there were too many, or nobody is enrolled."""
    rested = factors.c.tries_since < now() - TRIES_SECONDS
    counted = (
        factors.update()
        .where(factors.c.tenant == tenant, factors.c.person == person, sa.or_(rested, factors.c.tries < MOST_TRIES))
        .values(
            tries=sa.case((rested, 1), else_=factors.c.tries + 1),
            tries_since=sa.case((rested, now()), else_=factors.c.tries_since),
        )
        .returning(factors)
    )
    row = (await tx.run(counted)).one_or_none()
    return None if row is None else _record(row)


async def take(tx: Tx, factor: Factor, step: int) -> bool:
    """Use up the code of a time step and all before it; False when it was used before."""
    taken = (
        factors.update()
        .where(factors.c.tenant == factor.tenant, factors.c.person == factor.person, factors.c.last_step < step)
        .values(last_step=step, tries=0)
    )
    return bool((await tx.run(taken)).rowcount)
