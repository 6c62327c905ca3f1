"""Which Slack message of ours shows what. A change marks the post as behind, in the same transaction."""

from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.records import JsonObject, Post, PostKind
from storage.tables import posts

WAKE = "posts"


def _record(row: sa.Row[Any]) -> Post:
    values = {name: row._mapping[name] for name in Post.__dataclass_fields__}
    return Post(**{**values, "kind": PostKind(row.kind)})


async def want(
    tx: Tx,
    *,
    tenant: str,
    kind: PostKind,
    subject: str,
    channel: str,
    thread_ts: str = "",
    task_id: str | None = None,
    body: JsonObject | None = None,
) -> None:
    """Ask that `subject` be shown in `channel`: posted when it is not yet, brought up to date when it is."""
    known = sa.and_(posts.c.tenant == tenant, posts.c.kind == kind, posts.c.subject == subject)
    values: dict[str, Any] = {"wanted": posts.c.wanted + 1, "due_at": now()}
    if body is not None:
        values["body"] = body
    done = await tx.run(posts.update().where(known, posts.c.channel == channel).values(values))
    if not done.rowcount:
        await tx.run(
            posts.insert().values(
                id=new_id("p"),
                tenant=tenant,
                task_id=task_id,
                kind=kind,
                subject=subject,
                channel=channel,
                thread_ts=thread_ts,
                body=body or {},
                due_at=now(),
                created_at=now(),
            )
        )
    tx.hint(WAKE)


async def refresh(tx: Tx, tenant: str, subject: str) -> None:
    """Ask that every message showing `subject` be brought up to date."""
    await tx.run(
        posts.update()
        .where(posts.c.tenant == tenant, posts.c.subject == subject, posts.c.kind != PostKind.STREAM)
        .values(wanted=posts.c.wanted + 1, due_at=now())
    )
    tx.hint(WAKE)


async def readdress(tx: Tx, tenant: str, subject: str, new_subject: str) -> None:
    """Let the messages that show `subject` show `new_subject` instead: same message, updated in place."""
    await tx.run(
        posts.update()
        .where(posts.c.tenant == tenant, posts.c.subject == subject, posts.c.kind == PostKind.CARD)
        .values(subject=new_subject, wanted=posts.c.wanted + 1, due_at=now())
    )
    tx.hint(WAKE)


async def claim(tx: Tx, *, owner: str, lease: float, limit: int) -> list[Post]:
    """Lease posts that are behind, each to one sender."""
    pick = (
        sa.select(posts.c.id)
        .where(
            posts.c.shown < posts.c.wanted,
            posts.c.due_at <= now(),
            posts.c.kind != PostKind.STREAM,
            sa.or_(posts.c.owner.is_(None), posts.c.lease_until < now()),
        )
        .order_by(posts.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = await tx.run(
        posts.update()
        .where(posts.c.id.in_(pick.scalar_subquery()))
        .values(owner=owner, lease_until=now() + lease, attempt=posts.c.attempt + 1)
        .returning(posts)
    )
    return [_record(row) for row in rows]


async def about_to_send(tx: Tx, post: Post) -> None:
    """Note that a first send begins: whoever finds this note later looks for the message before sending again."""
    await tx.run(posts.update().where(posts.c.id == post.id).values(sending=True))


async def sent(tx: Tx, post: Post, ts: str | None) -> None:
    """Note which message it is and that it shows what was wanted when `post` was claimed."""
    await tx.run(
        posts.update()
        .where(posts.c.id == post.id)
        .values(ts=ts, shown=post.wanted, sending=False, owner=None, lease_until=None, attempt=0)
    )


async def put_off(tx: Tx, post: Post, delay: float) -> None:
    """Release a post whose send failed, to be tried again in `delay` seconds."""
    await tx.run(posts.update().where(posts.c.id == post.id).values(owner=None, lease_until=None, due_at=now() + delay))


async def give_up(tx: Tx, post: Post, why: str) -> None:
    """Stop trying: the channel is gone or the bot was removed."""
    body: JsonObject = {**post.body, "gave_up": why}
    await tx.run(
        posts.update()
        .where(posts.c.id == post.id)
        .values(shown=posts.c.wanted, owner=None, lease_until=None, sending=False, body=body)
    )


async def stream_opened(
    tx: Tx, *, tenant: str, task_id: str, channel: str, thread_ts: str, ts: str, subject: str
) -> None:
    """Remember a streamed message the moment it exists, so that a crash leaves no orphan."""
    await tx.run(
        posts.insert().values(
            id=new_id("p"),
            tenant=tenant,
            task_id=task_id,
            kind=PostKind.STREAM,
            subject=f"{subject}:{ts}",
            channel=channel,
            thread_ts=thread_ts,
            ts=ts,
            wanted=1,
            shown=0,
            body={},
            due_at=now(),
            created_at=now(),
        )
    )


async def stream_closed(tx: Tx, post: Post, *, upto: int) -> None:
    """Note that a streamed message is finished and shows the task's steps up to this one."""
    await tx.run(posts.update().where(posts.c.id == post.id).values(shown=posts.c.wanted, body={"upto": upto}))


async def streams_of(tx: Tx, tenant: str, task_id: str, *, only_open: bool = True) -> list[Post]:
    """The streamed messages of a task, oldest first; `only_open`: those never closed."""
    query = sa.select(posts).where(
        posts.c.tenant == tenant, posts.c.task_id == task_id, posts.c.kind == PostKind.STREAM
    )
    if only_open:
        query = query.where(posts.c.shown < posts.c.wanted)
    return [_record(row) for row in await tx.run(query.order_by(posts.c.created_at))]


async def showing(tx: Tx, tenant: str, subject: str) -> list[Post]:
    """Every message that shows `subject`."""
    rows = await tx.run(sa.select(posts).where(posts.c.tenant == tenant, posts.c.subject == subject))
    return [_record(row) for row in rows]


async def at(tx: Tx, tenant: str, channel: str, ts: str) -> Post | None:
    """Our post that is this message, or None."""
    row = (
        await tx.run(sa.select(posts).where(posts.c.tenant == tenant, posts.c.channel == channel, posts.c.ts == ts))
    ).first()
    return None if row is None else _record(row)
