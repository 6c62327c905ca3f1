"""A lease that a clock, set back since, put an hour ahead ends all the same; what is wanted anew waits for nothing."""

import sqlalchemy as sa

from storage import posts, streams, tasks
from storage.db import Database
from storage.records import PostKind
from storage.tables import posts as posts_table
from storage.tables import tasks as tasks_table
from tests.builders import TENANT, a_new_task


async def _wanted(db: Database) -> None:
    async with db.write() as tx:
        await posts.want(tx, tenant=TENANT, kind=PostKind.NOTICE, subject="s", channel="C1", body={"text": "a"})


async def test_a_dead_workers_task_is_taken_back_though_the_clock_was_set_back(db: Database) -> None:
    async with db.write() as tx:
        await tasks.create(tx, a_new_task())
        await tasks.claim(tx, owner="a", lease=30, limit=1)
        assert await tasks.take_back(tx) == [], "a lease of today holds"
        await tx.run(tasks_table.update().values(lease_until=tasks_table.c.lease_until + 3600))
        assert len(await tasks.take_back(tx)) == 1


async def test_a_dead_senders_message_is_sent_though_the_clock_was_set_back(db: Database) -> None:
    await _wanted(db)
    async with db.write() as tx:
        assert len(await posts.claim(tx, owner="a", lease=30, limit=1)) == 1
        assert await posts.claim(tx, owner="b", lease=30, limit=1) == []
        await tx.run(posts_table.update().values(lease_until=posts_table.c.lease_until + 3600))
        assert len(await posts.claim(tx, owner="b", lease=30, limit=1)) == 1


async def test_a_dead_writers_stream_is_taken_over_though_the_clock_was_set_back(db: Database) -> None:
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task())
        await streams.begin(tx, task, owner="a", lease=30)
        assert await streams.take_over(tx, task, owner="b", lease=30) is None
        await tx.run(posts_table.update().values(lease_until=posts_table.c.lease_until + 3600))
        assert await streams.take_over(tx, task, owner="b", lease=30) is not None


async def test_an_old_error_does_not_delay_what_is_wanted_since(db: Database) -> None:
    """A card that could not be drawn is pressed meanwhile: the new state is due now, not after the back-off."""
    await _wanted(db)
    async with db.write() as tx:
        [first] = await posts.claim(tx, owner="a", lease=30, limit=1)
        await posts.put_off(tx, first, 300, owner="a")
        assert await posts.claim(tx, owner="a", lease=30, limit=1) == [], "nothing new: it waits"
        await tx.run(sa.update(posts_table).values(due_at=0))
        [again] = await posts.claim(tx, owner="a", lease=30, limit=1)
        await posts.refresh(tx, TENANT, "s")
        await posts.put_off(tx, again, 300, owner="a")
        assert len(await posts.claim(tx, owner="a", lease=30, limit=1)) == 1
