"""How many tasks a channel begins at once, and when the next one's turn is."""

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.records import Source, Task, TaskState
from storage.tables import tasks

_RECENT = (
    sa.select(tasks.c.created_at)
    .where(
        tasks.c.tenant == sa.bindparam("of"),
        tasks.c.channel == sa.bindparam("here"),
        tasks.c.created_at > now() - 60,
        tasks.c.source.not_in((Source.UNDO, Source.SCHEDULE)),
    )
    .order_by(tasks.c.created_at.desc())
    .limit(sa.bindparam("most"))
    .subquery()
)
_LAST_TURN = (
    sa.select(sa.func.max(tasks.c.due_at))
    .where(
        tasks.c.state == TaskState.QUEUED,
        tasks.c.owner.is_(None),
        tasks.c.due_at > now(),
        tasks.c.tenant == sa.bindparam("of"),
        tasks.c.channel == sa.bindparam("here"),
    )
    .scalar_subquery()
)
_TURNS = sa.select(sa.func.count(), sa.func.min(_RECENT.c.created_at), _LAST_TURN, now())


async def next_turn(tx: Tx, task: Task, per_minute: int) -> tuple[float, bool]:
    """(seconds until this new task's channel has room for it, whether others wait there already).

    `per_minute` tasks begin at once; after that one begins every 60 / `per_minute` seconds.
    """
    values = {"of": task.tenant, "here": task.channel, "most": per_minute + 1}
    recent, oldest, last_turn, at = tuple((await tx.run(_TURNS, values)).one())
    if last_turn is not None:
        return last_turn - at + 60 / per_minute, True
    return (oldest + 60 - at if recent > per_minute else 0.0), False


async def put_off(tx: Tx, task: Task, delay: float) -> None:
    """Let a new task wait before a worker may have it."""
    await tx.run(tasks.update().where(tasks.c.id == task.id).values(due_at=now() + delay))
