"""Links by which one person proves a second factor for one proposal: kept here, so that each works once."""

from dataclasses import dataclass

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.tables import step_ups

MOST_TRIES = 5
"""wrong answers after which a link is dead"""
KEPT = 86_400.0
"""seconds a dead link can still be told from one that never was"""


@dataclass(frozen=True, kw_only=True)
class StepUpLink:
    """Whom it is for, and for what."""

    id: str
    tenant: str
    proposal_id: str
    """the SHA-256 of the sealed call, so it names exactly what is approved"""
    person: str
    tries: int
    expires_at: float
    used_at: float | None
    """when it was used, or a newer one took its place"""


_LIVE = sa.and_(step_ups.c.used_at.is_(None), step_ups.c.expires_at > now(), step_ups.c.tries < MOST_TRIES)


def _record(row: sa.Row[tuple[object, ...]]) -> StepUpLink:
    return StepUpLink(**{name: row._mapping[name] for name in StepUpLink.__dataclass_fields__})


async def issue(tx: Tx, *, tenant: str, proposal_id: str, person: str, life: float) -> StepUpLink:
    """A new link that lives `life` seconds; an earlier one of this person for this proposal ends."""
    of_person = sa.and_(step_ups.c.tenant == tenant, step_ups.c.person == person)
    await tx.run(step_ups.delete().where(of_person, step_ups.c.expires_at < now() - KEPT))
    same = sa.and_(of_person, step_ups.c.proposal_id == proposal_id)
    await tx.run(step_ups.update().where(same, step_ups.c.used_at.is_(None)).values(used_at=now()))
    row = {"id": new_id("u"), "tenant": tenant, "proposal_id": proposal_id, "person": person, "tries": 0}
    made = step_ups.insert().values(**row, expires_at=now() + life, created_at=now()).returning(step_ups)
    return _record((await tx.run(made)).one())


async def find(tx: Tx, link_id: str) -> StepUpLink | None:
    """The link, dead or alive, of whichever workspace; what it carries beside its id says whether it is ours."""
    query = sa.select(step_ups).where(step_ups.c.id == link_id)
    row = (await tx.run(query)).one_or_none()
    return None if row is None else _record(row)


async def lives(tx: Tx, link: StepUpLink) -> bool:
    """Whether it can still be used, by the database's clock."""
    query = sa.select(step_ups.c.id).where(step_ups.c.id == link.id, _LIVE)
    return (await tx.run(query)).one_or_none() is not None


async def count_try(tx: Tx, link: StepUpLink) -> bool:
    """Count a proof that is about to be looked at, before it is; False when the link is dead."""
    counted = step_ups.update().where(step_ups.c.id == link.id, _LIVE).values(tries=step_ups.c.tries + 1)
    return bool((await tx.run(counted)).rowcount)


async def use(tx: Tx, link: StepUpLink) -> bool:
    """Use it up, in the transaction of the vote; False when somebody has."""
    fresh = sa.and_(step_ups.c.used_at.is_(None), step_ups.c.expires_at > now())
    used = step_ups.update().where(step_ups.c.id == link.id, fresh).values(used_at=now())
    return bool((await tx.run(used)).rowcount)
