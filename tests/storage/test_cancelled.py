"""A cancelled write gives SQLite's one write lock back at once, wherever the cancellation strikes."""

import asyncio

import pytest

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
