"""The database goes away under a running bot: connections cut, or a lock that somebody holds for long."""

import contextlib
import sqlite3
from pathlib import Path

import asyncpg
import pytest

from tests.durability.bench import Bench, a_bench
from tests.durability.bots import Nursery
from tests.durability.points import FLAG
from tests.durability.stories import ended_well

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]


async def _cut_all(bench: Bench) -> None:
    """What a restart of PostgreSQL does to its clients."""
    conn = await asyncpg.connect(bench.database_url.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    finally:
        await conn.close()


@pytest.mark.postgres
async def test_cut_connections_lose_nothing(nursery: Nursery, postgres_of_module: str, tmp_path: Path) -> None:
    """Every backend is terminated while a read, a stream's words, a card and the approved change are under way."""
    async with a_bench(tmp_path, nursery, postgres_of_module) as bench:
        await bench.start_bot()
        for call in ("GET /logs", "chat.appendStream", "chat.stopStream", "chat.postMessage", f"write {FLAG}"):
            bench.break_checkout()
            before = len(bench.shop.world.effects.applied)
            hold = bench.hold(call)
            thread = await bench.ask()
            if call.startswith("write"):
                await bench.approve(thread)
            await bench.reached(hold)
            await _cut_all(bench)
            hold.let_pass()
            await bench.approve(thread)
            await ended_well(bench, thread, effects_before=before)
            assert len(bench.bots) == 1
            assert not bench.bots[0].gone.is_set()


async def test_a_long_lock_on_sqlite_loses_nothing(nursery: Nursery, tmp_path: Path) -> None:
    """Somebody holds the file for longer than Slack waits for an ack: Slack asks again, and it is one task."""
    path = tmp_path / "autopilot.db"
    async with a_bench(tmp_path, nursery, f"sqlite:///{path}") as bench:
        await bench.start_bot()
        bench.break_checkout()
        before = len(bench.shop.world.effects.applied)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as somebody:
            somebody.execute("begin immediate")
            thread = await bench.ask()
            await bench.see(
                thread,
                lambda: any(not e.answer["acked"] for e in bench.slack.log.find(kind="event", name="app_mention")),
                "delivery that was not acked in time",
            )
            somebody.execute("rollback")
        await bench.approve(thread)
        await ended_well(bench, thread, effects_before=before)
