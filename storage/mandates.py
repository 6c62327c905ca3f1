"""What each task's request implies, as it was found: kept under its digest, never changed."""

import itertools
from collections.abc import Sequence

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_new
from storage.records import JsonObject, Source, StepKind, Task
from storage.tables import mandates, steps, tasks

DAY = 24 * 3600.0
MOST = 20
"""earlier requests of a thread that are looked at"""


async def keep(tx: Tx, task: Task, digest: str, body: str) -> bool:
    """Keep a mandate; False when it is on the record already."""
    values = {"tenant": task.tenant, "task_id": task.id, "digest": digest, "body": body, "at": now()}
    return bool((await tx.run(insert_new(tx, mandates).values(values))).rowcount)


async def of_task(tx: Tx, task: Task) -> list[str]:
    """The bodies of a task's mandates, oldest first."""
    mine = sa.and_(mandates.c.tenant == task.tenant, mandates.c.task_id == task.id)
    rows = await tx.run(sa.select(mandates.c.body).where(mine).order_by(mandates.c.at, mandates.c.digest))
    return [row.body for row in rows]


async def asked_before(tx: Tx, task: Task) -> tuple[str, ...]:
    """What the same person asked in the same thread in the day before this task, oldest first.

    A schedule's run goes on with nothing: it does what its own words were proven to do, each time.
    """
    if task.source is Source.SCHEDULE:
        return ()
    query = (
        sa.select(steps.c.task_id, steps.c.body)
        .join(tasks, tasks.c.id == steps.c.task_id)
        .where(
            steps.c.tenant == task.tenant,
            tasks.c.tenant == task.tenant,
            tasks.c.channel == task.channel,
            tasks.c.thread_ts == task.thread_ts,
            tasks.c.requester == task.requester,
            tasks.c.source.in_((Source.MENTION, Source.DM)),
            tasks.c.id != task.id,
            tasks.c.created_at <= task.created_at,
            tasks.c.created_at > task.created_at - DAY,
            steps.c.kind == StepKind.USER,
        )
        .order_by(tasks.c.created_at.desc(), steps.c.task_id, steps.c.seq.desc())
        .limit(MOST)
    )
    rows = reversed(list(await tx.run(query)))
    each = [[row.body for row in of] for _, of in itertools.groupby(rows, key=lambda row: row.task_id)]
    return tuple(text for bodies in each for text in standing(bodies))


def standing(bodies: Sequence[JsonObject]) -> list[str]:
    """What people said in one task, oldest first, no alert's words; a request that was edited says its new words."""
    edits = [place for place, body in enumerate(bodies) if body.get("edited")]
    replaced = {0, *edits[:-1]} if edits else set()
    return [str(body["text"]) for place, body in enumerate(bodies) if place not in replaced and not body.get("hearsay")]
