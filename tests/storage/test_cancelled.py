"""A cancelled write gives SQLite's one write lock back at once, wherever the cancellation strikes."""

import asyncio

import pytest
import sqlalchemy as sa

from storage import audit, tasks
from storage.db import Database
from tests.builders import TENANT, a_new_task


async def _write(db: Database) -> None:
    async with db.write() as tx:
        await tasks.create(tx, a_new_task())
        await audit.append(tx, TENANT, "e")


@pytest.mark.parametrize("turns", range(1, 40))
async def test_a_write_cancelled_anywhere_keeps_no_lock(db: Database, turns: int) -> None:
    """The next write goes through at once; half of the cancelled one is never there."""
    await _write(db)
    writing = asyncio.create_task(_write(db))
    for _ in range(turns):
        await asyncio.sleep(0)
    writing.cancel()
    done, _ = await asyncio.wait([writing], timeout=10)
    assert done
    async with asyncio.timeout(5):
        await _write(db)
    async with db.read() as tx:
        entries = await audit.entries(tx, TENANT)
        assert len(entries) == len(await tasks.recent(tx, TENANT))


async def test_a_connection_whose_beginning_was_broken_off_is_not_used_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may have begun by then, or abort what the next one begins on it."""
    if not db.is_postgres:
        return  # SQLite's BEGIN is one call, which nothing breaks off
    from storage import postgres

    async def process() -> int:
        async with db.read() as tx:
            return int((await tx.run(sa.text("select pg_backend_pid()"))).scalar_one())

    say, sent = postgres.ServerConnection._say, asyncio.Event()

    async def _say(self: postgres.ServerConnection, script: str) -> str:
        asyncio.get_running_loop().call_soon(sent.set)  # when the script is on its way
        return await say(self, script)

    before = await process()
    monkeypatch.setattr(postgres.ServerConnection, "_say", _say)
    writing = asyncio.create_task(_write(db))
    await sent.wait()
    writing.cancel()
    await asyncio.wait([writing])
    monkeypatch.undo()
    assert writing.cancelled()
    assert await process() != before
