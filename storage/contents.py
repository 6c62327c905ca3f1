"""What a task's rows say beside the record: emptied on request, or when they were kept long enough.

The rows that say a task was there, what ran and who voted stay: counts, digests and foreign keys hang on them.
"""

import sqlalchemy as sa

from storage import erasing
from storage.clock import now
from storage.db import Tx
from storage.records import JsonObject, Task
from storage.tables import (
    evaluations,
    evidence,
    intents,
    mandates,
    posts,
    proposals,
    schedule_runs,
    skill_runs,
    steps,
    tasks,
    votes,
)

EMPTIED = "(erased)"
"""stands where a task's title stood"""


async def drop_words(tx: Tx, task: Task, title: str = EMPTIED) -> JsonObject:
    """Drop what was asked and said: the task's own text, its transcript, what its request implied."""
    mine = sa.and_(tasks.c.tenant == task.tenant, tasks.c.id == task.id)
    await tx.run(tasks.update().where(mine).values(text="", title=title, reason="", emptied_at=now()))
    await tx.run(mandates.delete().where(mandates.c.tenant == task.tenant, mandates.c.task_id == task.id))
    dropped = await tx.run(steps.delete().where(steps.c.tenant == task.tenant, steps.c.task_id == task.id))
    return {"tasks": 1, "steps": dropped.rowcount}


async def drop_all(tx: Tx, task: Task) -> JsonObject:
    """Drop all that a task's rows say, its sealed calls and ledger lines as well; not its results, see `results`."""
    tenant, key = task.tenant, task.id
    counts = await drop_words(tx, task)
    of_it = sa.select(proposals.c.id).where(proposals.c.tenant == tenant, proposals.c.task_id == key)
    await tx.run(votes.update().where(votes.c.tenant == tenant, votes.c.proposal_id.in_(of_it)).values(reason=""))
    sealed = await erasing.empty_seals(tx, tenant, list((await tx.run(of_it)).scalars()))
    lines = sa.and_(intents.c.tenant == tenant, intents.c.task_id == key)
    emptied = {"input": {}, "output": sa.null(), "outcome": "", "target": "", "skill": ""}
    ran = await tx.run(intents.update().where(lines).values(emptied))
    runs = sa.and_(schedule_runs.c.tenant == tenant, schedule_runs.c.task_id == key)
    await tx.run(schedule_runs.update().where(runs).values(text=""))
    dropped = {}
    for table in (evaluations, skill_runs, posts):
        done = await tx.run(table.delete().where(table.c.tenant == tenant, table.c.task_id == key))
        dropped[table.name] = done.rowcount
    return {**counts, "proposals": sealed, "intents": ran.rowcount, **dropped}


async def results(tx: Tx, tenant: str, task_id: str) -> list[str]:
    """The hashes of a task's results that still say something."""
    mine = sa.and_(evidence.c.tenant == tenant, evidence.c.task_id == task_id, evidence.c.gone == "")
    return list((await tx.run(sa.select(evidence.c.hash).where(mine))).scalars())


async def children(tx: Tx, tenant: str, task_id: str) -> list[str]:
    """The tasks that came of a task: its undo."""
    mine = sa.and_(tasks.c.tenant == tenant, tasks.c.parent_id == task_id)
    return list((await tx.run(sa.select(tasks.c.id).where(mine).order_by(tasks.c.created_at))).scalars())


async def asked_by(tx: Tx, tenant: str, person: str) -> list[str]:
    """The ids of all tasks that a person asked for, oldest first."""
    mine = sa.and_(tasks.c.tenant == tenant, tasks.c.requester == person)
    return list((await tx.run(sa.select(tasks.c.id).where(mine).order_by(tasks.c.created_at))).scalars())
