"""Sentences of ours that were asked to be posted, looked for afterwards."""

import sqlalchemy as sa

from storage.db import Tx
from storage.posts import record
from storage.records import Post, PostKind
from storage.tables import posts


async def since(tx: Tx, tenant: str, channel: str, at: float) -> list[Post]:
    """Those first asked to be shown in this channel after a time, newest first."""
    here = (posts.c.tenant == tenant, posts.c.channel == channel, posts.c.kind == PostKind.NOTICE)
    found = await tx.run(
        sa.select(posts).where(*here, posts.c.created_at > at).order_by(posts.c.created_at.desc()).limit(500)
    )
    return [record(row) for row in found]


async def of_task(tx: Tx, tenant: str, task_id: str, prefix: str) -> list[Post]:
    """Those of a task whose subject begins so, oldest first."""
    mine = (posts.c.tenant == tenant, posts.c.task_id == task_id, posts.c.kind == PostKind.NOTICE)
    found = await tx.run(sa.select(posts).where(*mine).order_by(posts.c.created_at, posts.c.id))
    return [post for post in map(record, found) if post.subject.startswith(prefix)]
