"""Streamed messages, so that a crash leaves none half-told.

A stretch is one worker's writing for one task: a row without a message, written before Slack is called and leased by
its writer. The messages it opens are rows of their own. While any of them is open, somebody still has to make the
thread say what the transcript says; a stretch whose lease ran out was its writer's last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import FURTHEST, lapsed, now
from storage.db import Tx
from storage.errors import LostRace
from storage.ids import new_id
from storage.posts import record
from storage.records import JsonObject, Post, PostKind, Task
from storage.tables import posts
from storage.tables import tasks as tasks_table
from storage.tasks import CLAIMABLE

_STREAM = posts.c.kind == PostKind.STREAM
_OPEN = sa.and_(_STREAM, posts.c.shown < posts.c.wanted)
_STRETCH = posts.c.ts.is_(None)


async def begin(tx: Tx, task: Task, *, owner: str, lease: float) -> Post:
    """A new stretch of this writer, in place of the ones it took over."""
    await tx.run(
        posts.update()
        .where(_OPEN, _STRETCH, _of(task), posts.c.owner == owner)
        .values(shown=posts.c.wanted, body={"upto": -1}, owner=None, lease_until=None)
    )
    row = await tx.run(_insert(task, f"stretch:{task.id}:{new_id('s')}", owner=owner, lease_until=now() + lease))
    return record(row.one())


async def opened(tx: Tx, task: Task, stretch: Post, ts: str, *, owner: str) -> None:
    """Remember a message the moment it exists.

    Raises:
        LostRace: somebody else has taken over this stretch; the message must go.
    """
    await _still_own(tx, stretch, owner)
    await tx.run(_insert(task, f"segment:{task.id}:{ts}", ts=ts))


async def hold(tx: Tx, stretch: Post, *, owner: str, lease: float) -> bool:
    """Extend the lease by heartbeat; False when somebody else has it."""
    done = await tx.run(
        posts.update().where(_OPEN, posts.c.id == stretch.id, posts.c.owner == owner).values(lease_until=now() + lease)
    )
    return bool(done.rowcount)


@dataclass(frozen=True, kw_only=True)
class Unfolded:
    """One part of what was folded."""

    words: str
    left: int
    """characters behind it"""
    above: JsonObject | None
    """with the first part: the message that its button stands in, as it is to be drawn without"""


async def end(
    tx: Tx,
    task: Task,
    stretch: Post,
    *,
    owner: str,
    upto: int,
    folded: Sequence[str] = (),
    unfolded: JsonObject | None = None,
) -> None:
    """The thread shows the task's steps up to this one, but for what is `folded`; nothing is open any more.

    `unfolded`: what the last message looks like when the first folded part stands below it.

    Raises:
        LostRace: somebody else has taken over this stretch.
    """
    await _still_own(tx, stretch, owner)
    await tx.run(
        posts.update()
        .where(_OPEN, _of(task))
        .values(shown=posts.c.wanted, body={"upto": upto}, owner=None, lease_until=None)
    )
    if folded:
        body = {"upto": upto, "folded": [*folded], "above": unfolded}
        await tx.run(posts.update().where(posts.c.id == stretch.id).values(body=body))


async def unfold(tx: Tx, tenant: str, task_id: str, part: int) -> Unfolded | None:
    """One part of what is folded, once; None: there is no such part, or it was shown."""
    mine = sa.and_(_STREAM, _STRETCH, posts.c.tenant == tenant, posts.c.task_id == task_id)
    rows = await tx.run(sa.select(posts).where(mine).order_by(posts.c.created_at.desc()).with_for_update())
    for stretch in map(record, rows.all()):
        folded = stretch.body.get("folded")
        if not isinstance(folded, list):
            continue
        if stretch.body.get("unfolded", 0) != part or part >= len(folded):
            return None
        body = {**stretch.body, "unfolded": part + 1}
        await tx.run(posts.update().where(posts.c.id == stretch.id).values(body=body))
        above = stretch.body.get("above")
        return Unfolded(
            words=str(folded[part]),
            left=sum(len(str(one)) for one in folded[part + 1 :]),
            above=above if part == 0 and isinstance(above, dict) else None,
        )
    return None


async def leave(tx: Tx, stretch: Post, *, owner: str) -> None:
    """Let go of a stretch that is not told to its end; whoever takes it over tells it."""
    await tx.run(
        posts.update().where(posts.c.id == stretch.id, posts.c.owner == owner).values(owner=None, lease_until=None)
    )


async def take_over(tx: Tx, task: Task, *, owner: str, lease: float) -> list[Post] | None:
    """What earlier writers of this task left open, stretches and messages, now ours; None while one of them lives."""
    rows = (
        await tx.run(
            sa.select(posts).where(_OPEN, _of(task)).order_by(posts.c.created_at, posts.c.id).with_for_update()
        )
    ).all()
    at = await tx.time()
    if any(row.owner is not None and row.lease_until and at <= row.lease_until <= at + FURTHEST for row in rows):
        return None
    if rows:
        await tx.run(posts.update().where(_OPEN, _STRETCH, _of(task)).values(owner=owner, lease_until=now() + lease))
    return [record(row) for row in rows]


async def mended(tx: Tx, message: Post, *, upto: int) -> None:
    """An earlier writer's message now shows steps up to this one; -1 when it is gone."""
    await tx.run(posts.update().where(posts.c.id == message.id).values(shown=posts.c.wanted, body={"upto": upto}))


async def of_task(tx: Tx, task: Task) -> list[Post]:
    """All stretches and streamed messages of a task, oldest first."""
    rows = await tx.run(sa.select(posts).where(_STREAM, _of(task)).order_by(posts.c.created_at))
    return [record(row) for row in rows]


async def busy_in_thread(tx: Tx, task: Task) -> bool:
    """Whether another task is being told in the same thread right now."""
    query = sa.select(posts.c.id).where(
        _OPEN,
        posts.c.tenant == task.tenant,
        posts.c.channel == task.channel,
        posts.c.thread_ts == task.thread_ts,
        posts.c.task_id != task.id,
        sa.not_(lapsed(posts.c.lease_until)),
    )
    return (await tx.run(query.limit(1))).first() is not None


async def abandoned(tx: Tx, limit: int = 8) -> list[tuple[str, str]]:
    """(tenant, task) whose thread is half-told, and which no worker will take up by itself: parked or ended."""
    query = (
        sa.select(posts.c.tenant, posts.c.task_id)
        .join(tasks_table, tasks_table.c.id == posts.c.task_id)
        .where(
            _OPEN,
            _STRETCH,
            sa.or_(posts.c.owner.is_(None), lapsed(posts.c.lease_until)),
            tasks_table.c.owner.is_(None),
            tasks_table.c.state.not_in(CLAIMABLE),
        )
        .order_by(posts.c.due_at)
        .limit(limit)
    )
    return list(dict.fromkeys((row.tenant, row.task_id) for row in await tx.run(query)))


def _of(task: Task) -> sa.ColumnElement[bool]:
    return sa.and_(posts.c.tenant == task.tenant, posts.c.task_id == task.id)


async def _still_own(tx: Tx, stretch: Post, owner: str) -> None:
    done = await tx.run(
        posts.update().where(_OPEN, posts.c.id == stretch.id, posts.c.owner == owner).values(attempt=posts.c.attempt)
    )
    if not done.rowcount:
        raise LostRace("stretch of task", stretch.task_id or "")


def _insert(task: Task, subject: str, **columns: Any) -> Any:
    return (
        posts.insert()
        .values(
            id=new_id("p"),
            tenant=task.tenant,
            task_id=task.id,
            kind=PostKind.STREAM,
            subject=subject,
            channel=task.channel,
            thread_ts=task.thread_ts,
            wanted=1,
            shown=0,
            body={},
            due_at=now(),
            created_at=now(),
            **columns,
        )
        .returning(posts)
    )
