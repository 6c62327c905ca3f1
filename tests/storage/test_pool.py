"""Connections to PostgreSQL that died meanwhile are not handed out."""

import asyncio
import contextlib

import asyncpg
import pytest
import sqlalchemy as sa

from storage import audit, pool, postgres
from storage.db import Database
from storage.row_security import EVERYTHING

pytestmark = pytest.mark.postgres
ALL_OF_IT = (
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> "
    "pg_backend_pid()"
)


async def _one(db: Database) -> int:
    async with db.read() as tx:
        return int((await tx.run(sa.text("select pg_backend_pid()"))).scalar_one())


async def _end_all(url: str) -> None:
    somebody = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await somebody.execute(ALL_OF_IT)
    finally:
        await somebody.close()


async def test_a_connection_that_the_server_closed_is_not_used_again(postgres_url: str) -> None:
    """The driver has seen it, so nobody need ask."""
    db = Database(postgres_url)
    try:
        before = await _one(db)
        async with db.engine.connect() as conn:
            raw = (await conn.get_raw_connection()).driver_connection
        await _end_all(postgres_url)
        assert raw is not None
        async with asyncio.timeout(30):
            while not raw.is_closed():  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
        assert await _one(db) != before
    finally:
        await db.close()


async def test_one_that_was_idle_is_asked_first(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something between us and the server may have dropped it without a word."""
    monkeypatch.setattr(pool, "UNASKED", -1.0)
    db = Database(postgres_url)
    try:
        before = await _one(db)
        await _end_all(postgres_url)
        assert await _one(db) != before
    finally:
        await db.close()


async def test_one_in_use_is_not_asked(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three round trips before every vote would be most of what it takes."""
    db = Database(postgres_url)
    asked: list[object] = []
    try:
        monkeypatch.setattr(db.engine.sync_engine.dialect, "_do_ping_w_event", asked.append)
        assert len({await _one(db) for _ in range(3)}) == 1
        assert not asked
    finally:
        await db.close()


async def test_a_connection_left_inside_a_transaction_is_not_used_again(postgres_url: str) -> None:
    """Transactions are begun behind SQLAlchemy's back, so its pool would hand one on as it is."""
    db = Database(postgres_url)
    try:
        before = await _one(db)
        async with db.engine.connect() as conn:
            raw = (await conn.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.execute("begin")
        assert await _one(db) != before
    finally:
        await db.close()


async def test_a_transaction_that_failed_inside_says_so_at_its_end(postgres_url: str) -> None:
    """PostgreSQL answers a COMMIT of it with ROLLBACK, and no error."""
    db = Database(postgres_url)
    try:
        with pytest.raises(sa.exc.InvalidRequestError, match="had failed before"):
            async with db.write() as tx:
                with contextlib.suppress(sa.exc.DBAPIError):
                    await tx.run(sa.text("select 1 from no_such_table"))
    finally:
        await db.close()


async def test_a_frozen_process_does_not_keep_its_locks(
    migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every replica would wait for the one that was stopped in the middle of a transaction."""
    monkeypatch.setattr(postgres, "MOST_IDLE", 0.2)
    frozen, other = (Database(migrated_postgres_url, sees=EVERYTHING) for _ in range(2))
    try:
        with pytest.raises(sa.exc.DBAPIError):
            async with frozen.write() as tx:
                await audit.append(tx, "T", "ops.test")
                for write in tx.at_end:  # the chain's head is locked from here on
                    await write()
                async with asyncio.timeout(30), other.write() as second:
                    await audit.append(second, "T", "ops.test")
        async with other.read() as tx:
            assert len(await audit.entries(tx, "T")) == 1
    finally:
        await frozen.close()
        await other.close()


async def test_replicas_hear_of_each_other_and_nobody_of_themselves_twice(postgres_url: str) -> None:
    """Every transaction tells of something: each told twice would be looked for twice."""
    ours, theirs = Database(postgres_url), Database(postgres_url)
    heard: dict[str, list[str]] = {"ours": [], "theirs": []}
    ours.wakes.ring = heard["ours"].append  # type: ignore[assignment,method-assign]
    theirs.wakes.ring = heard["theirs"].append  # type: ignore[assignment,method-assign]
    listening = [asyncio.create_task(db.listen()) for db in (ours, theirs)]
    try:
        async with asyncio.timeout(30):
            while "there" not in heard["theirs"] or "here" not in heard["ours"]:
                for db, topic in ((ours, "there"), (theirs, "here")):
                    async with db.write() as tx:
                        tx.hint(topic)
        told = heard["ours"].count("there")
        async with ours.write() as tx:
            tx.hint("there")
        async with asyncio.timeout(30):
            async with theirs.write() as tx:
                tx.hint("last")
            while "last" not in heard["ours"]:  # noqa: ASYNC110 - what came before it has come by then
                await asyncio.sleep(0.01)
        assert heard["ours"].count("there") == told + 1
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        await ours.close()
        await theirs.close()
