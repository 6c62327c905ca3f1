"""Connections to PostgreSQL that died meanwhile are not handed out."""

import asyncio

import asyncpg
import pytest
import sqlalchemy as sa

from storage import pool
from storage.db import Database

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
