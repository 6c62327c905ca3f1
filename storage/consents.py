"""Who agreed that what they write goes to a provider: one row a person and terms, made when they are first asked."""

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_or_update
from storage.records import Task, TaskState
from storage.tables import consents, tasks

_KEY = ("tenant", "person", "terms")


async def asked(tx: Tx, tenant: str, person: str, terms: str) -> bool:
    """Whether they agreed. Notes that they were asked, and holds off an answer until this transaction ends."""
    row = {"tenant": tenant, "person": person, "terms": terms, "given": False, "at": now()}
    await tx.run(insert_or_update(tx, consents, row, key=_KEY, again={"at": now()}))
    return await given(tx, tenant, person, terms)


async def given(tx: Tx, tenant: str, person: str, terms: str) -> bool:
    """Whether they agreed to exactly these terms."""
    which = sa.and_(consents.c.tenant == tenant, consents.c.person == person, consents.c.terms == terms)
    return bool((await tx.run(sa.select(consents.c.given).where(which))).scalar())


async def answer(tx: Tx, tenant: str, person: str, terms: str, *, yes: bool) -> None:
    """Keep what they said; a no is asked again with their next request."""
    row = {"tenant": tenant, "person": person, "terms": terms, "given": yes, "at": now()}
    await tx.run(insert_or_update(tx, consents, row, key=_KEY, again={"given": yes, "at": now()}))


async def withdraw(tx: Tx, tenant: str, person: str) -> int:
    """Take back everything they agreed to; how much it was."""
    mine = sa.and_(consents.c.tenant == tenant, consents.c.person == person, consents.c.given)
    return (await tx.run(consents.update().where(mine).values(given=False, at=now()))).rowcount


async def forget(tx: Tx, tenant: str) -> None:
    """Of a workspace that left."""
    await tx.run(consents.delete().where(consents.c.tenant == tenant))


async def waiting(tx: Tx, tenant: str, person: str, agent: str, reason: str) -> list[str]:
    """The ids of their tasks with this agent that wait for an answer, oldest first."""
    which = sa.and_(tasks.c.tenant == tenant, tasks.c.requester == person, tasks.c.agent == agent)
    parked = sa.and_(which, tasks.c.state == TaskState.NEEDS_APPROVAL, tasks.c.reason == reason)
    return [row.id for row in await tx.run(sa.select(tasks.c.id).where(parked).order_by(tasks.c.created_at))]


def waits(task: Task, reason: str) -> bool:
    """Whether this task waits for that."""
    return task.state is TaskState.NEEDS_APPROVAL and task.reason == reason
