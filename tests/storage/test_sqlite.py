"""SQLite on the event loop: quick statements run there, nothing that waits does."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import sqlite
from storage.db import Database

SLOW = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000) select count(*) from n"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    async with database.write() as tx:
        await tx.run(sa.text("create table t (x)"))
    yield database
    await database.close()


async def _beats(until: asyncio.Task[int]) -> int:
    beats = 0
    while not until.done():
        await asyncio.sleep(0.002)
        beats += 1
    return beats


async def test_a_long_read_leaves_the_loop_free(db: Database) -> None:
    async def ask() -> int:
        async with db.read() as tx:
            return int((await tx.run(sa.text(SLOW))).scalar_one())

    asked = asyncio.create_task(ask())
    assert await _beats(asked) >= 5
    assert asked.result() == 3000000


async def test_a_wait_for_the_write_lock_leaves_the_loop_free(db: Database) -> None:
    other = Database(str(db.url))

    async def write() -> None:
        async with other.write() as tx:
            await tx.run(sa.text("insert into t values (1)"))

    async with db.write() as tx:
        await tx.run(sa.text("insert into t values (0)"))
        waiting = asyncio.create_task(write())
        for _ in range(10):
            await asyncio.sleep(0.002)
        assert not waiting.done()
    await waiting
    await other.close()


async def test_a_cancelled_long_read_leaves_the_database_usable(db: Database) -> None:
    async def ask() -> None:
        async with db.write() as tx:
            await tx.run(sa.text("insert into t values (1)"))
            await tx.run(sa.select(sa.text(f"({SLOW})")))

    asked = asyncio.create_task(ask())
    await asyncio.sleep(0.05)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    async with db.write() as tx:
        assert (await tx.run(sa.text("select count(*) from t"))).scalar_one() == 0, "rolled back"
        await tx.run(sa.text("insert into t values (2)"))
    async with db.read() as tx:
        assert (await tx.run(sa.text("select x from t"))).scalars().all() == [2]


async def test_errors_of_a_statement_come_through(db: Database) -> None:
    with pytest.raises(sa.exc.OperationalError, match="no such table"):
        async with db.read() as tx:
            await tx.run(sa.text("select * from nowhere"))


async def test_commits_leave_the_loop_while_the_disk_is_slow(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each commit says on which thread it ran; a slow one sends the next ones away."""
    threads: list[int] = []

    def notice(statement: str) -> None:
        if statement == "COMMIT":
            threads.append(threading.get_ident())

    async def write() -> None:
        async with db.write() as tx:
            assert isinstance(tx.conn, sqlite.LocalConnection)
            tx.conn._raw.set_trace_callback(notice)
            await tx.run(sa.text("insert into t values (1)"))

    assert db._sqlite is not None
    db._sqlite._pace.elsewhere = 0
    monkeypatch.setattr(sqlite, "MOST_ON_LOOP", 60)
    await write()
    monkeypatch.setattr(sqlite, "MOST_ON_LOOP", -1)
    await write()
    await write()
    loop = threading.get_ident()
    assert [thread == loop for thread in threads] == [True, True, False]


async def test_who_is_cancelled_while_it_waits_for_the_lock_keeps_none(db: Database) -> None:
    other = Database(str(db.url))

    async def write() -> None:
        async with other.write() as tx:
            await tx.run(sa.text("insert into t values (1)"))

    async with db.write() as tx:
        await tx.run(sa.text("insert into t values (0)"))
        waiting = asyncio.create_task(write())
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.sleep(0.01)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(10):
        await write()
        async with db.write() as tx:
            assert (await tx.run(sa.text("select sum(x) from t"))).scalar_one() == 1
    await other.close()


async def _writes_go_on(db: Database) -> None:
    """For everybody: nobody kept the lock, and nothing of the failed write is there."""
    other = Database(str(db.url))
    async with other.write() as tx:
        assert (await tx.run(sa.text("select count(*) from t"))).scalar_one() == 0
        await tx.run(sa.text("insert into t values (2)"))
    await other.close()
    async with db.write() as tx:
        await tx.run(sa.text("update t set x = 3"))
    async with db.read() as tx:
        assert (await tx.run(sa.text("select x from t"))).scalars().all() == [3]


async def test_a_full_disk_breaks_one_write_and_keeps_no_lock(db: Database) -> None:
    async with db.write() as tx:
        pages = (await tx.run(sa.text("pragma page_count"))).scalar_one()
        await tx.run(sa.text(f"pragma max_page_count={pages}"))
    with pytest.raises(sa.exc.OperationalError, match="full"):
        async with db.write() as tx:
            await tx.run(sa.text("insert into t values (1)"))
            await tx.run(sa.text("insert into t values (zeroblob(1000000))"))
    await _writes_go_on(db)


async def test_a_commit_that_fails_keeps_no_lock(db: Database) -> None:
    """As on a disk that is full by then; here the database itself refuses at the commit."""
    async with db.write() as tx:
        await tx.run(sa.text("create table parents (id integer primary key)"))
        await tx.run(
            sa.text("create table children (of integer references parents (id) deferrable initially deferred)")
        )
    with pytest.raises(sa.exc.IntegrityError, match="FOREIGN KEY"):
        async with db.write() as tx:
            await tx.run(sa.text("insert into t values (1)"))
            await tx.run(sa.text("insert into children values (7)"))
    await _writes_go_on(db)
