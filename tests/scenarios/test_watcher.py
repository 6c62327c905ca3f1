"""The watcher's whole story on a real PostgreSQL: staged by people, then alone; repairs, proposes, alerts."""

# ruff: noqa: ASYNC110 - statistics of other sessions come when they come

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from storage import schedule_runs
from storage.clock import now
from storage.records import Schedule
from storage.tables import schedules as table
from tests.scenarios.test_schedules import OPS, add, events, press, said, the_list
from tests.scenarios.world import DANA, KIM, NOOR, SAM, Message, World, a_world, action_ids, everything
from tests.tools.postgres.conftest import Ops, ops
from tests.tools.postgres.test_operator import listed

pytestmark = [pytest.mark.postgres, pytest.mark.long]
__all__ = ["ops"]

AT_LEVEL_2 = """
default: 1
caps: {dev: 3, staging: 3, prod: 3}
lines:
  - {tool: postgres.create_index, env: prod, channel: C0OPS, level: 2}
budgets: []
freezes: []
"""


async def indexes(ops: Ops) -> list[str]:
    found = await ops.owner.fetch("select indexname from pg_indexes where tablename = 'orders' order by 1")
    return [row["indexname"] for row in found if row["indexname"] != "orders_pkey"]


async def lacks_an_index(ops: Ops, client: Any) -> None:
    """Somebody looks orders up by their customer, again and again, and it is seen."""
    for name in await indexes(ops):
        await ops.owner.execute(f"drop index shop.{name}")
    for _ in range(3):
        await client.fetch("select id from shop.orders where customer = $1", 7)
    await client.execute("select pg_stat_force_next_flush()")
    await client.fetch("select id from shop.orders where customer = $1", 8)
    while not listed(await ops.run("index_candidates"), "candidates"):
        await asyncio.sleep(0.05)


async def fire(world: World, watch: Schedule, *, after_the_last: bool = True) -> None:
    """Its five minutes are over; the run before has been judged, unless it is to be still open."""
    async with asyncio.timeout(60), world.database() as db:
        while after_the_last:
            async with db.read() as tx:
                if not await schedule_runs.open_ones(tx):
                    break
            await asyncio.sleep(0.05)
    async with world.database() as db, db.write() as tx:
        await tx.run(table.update().where(table.c.id == watch.id).values(next_at=now()))


async def count(world: World, event: str) -> int:
    return sum(e["event"] == f"ops.schedule.{event}" for e in await events(world))


def shown(world: World) -> list[Message]:
    """Every message of #ops, threads included, oldest thread first."""
    roots = world.slack.ui.messages(OPS, as_=DANA)
    return [m for root in roots for m in world.slack.ui.messages(OPS, as_=DANA, thread_ts=root["ts"])]


async def a_card(world: World, words: str) -> Message:
    def look() -> Message | None:
        return next((m for m in shown(world) if "proposal.approve" in action_ids(m) and words in everything(m)), None)

    found: Message = await world.see(look, 60)
    return found


def times(world: World, words: str) -> int:
    return sum(words in everything(m) for m in shown(world))


async def saw(world: World, words: str, least: int) -> None:
    """These words stand in so many messages."""
    await world.see(lambda: times(world, words) >= least, 60)


async def staged(world: World, ops: Ops) -> Schedule:
    """Dry run, by hand, alone; no step without the one before."""
    await the_list(world)
    watch = await add(world, schedule_kind="request", schedule_when="every 5 min", schedule_text="skill pg-watch")
    assert not watch.enabled
    await press(world, watch, "start", "a clean dry run of exactly this must come first")
    await press(world, watch, "dry_run", "A dry run begins")
    await said(world, "The dry run was clean", 60)
    assert "would run alone" in await said(world, "In a dry run nothing is repaired")
    assert await indexes(ops) == []
    await press(world, watch, "start", "a clean run by hand of exactly this must come first")
    await press(world, watch, "run_now", "It begins")
    await said(world, "It may run alone now", 60)
    assert len(await indexes(ops)) == 1
    await press(world, watch, "start", "Started")
    return watch


def with_enough_people(world: World) -> None:
    """Dana's schedule cannot be approved by Dana: three others who may."""
    groups = world.slack.workspace.groups
    for one in (groups["S0SRE"], groups["S0SRELEADS"]):
        groups[one.id] = replace(one, members=(DANA, SAM, NOOR, KIM))


async def test_the_watcher_is_staged_repairs_proposes_alerts_and_never_overlaps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ops: Ops
) -> None:
    autonomy = tmp_path / "autonomy.yaml"
    autonomy.write_text(AT_LEVEL_2)
    more: dict[str, Any] = {"operator_database_url": ops.url, "autonomy_file": autonomy}
    async with (
        asyncpg.create_pool(ops.url, min_size=3, max_size=3) as pool,
        pool.acquire() as client,
        a_world(tmp_path, monkeypatch.setenv, fault=None, **more) as world,
    ):
        with_enough_people(world)
        await lacks_an_index(ops, client)
        watch = await staged(world, ops)
        assert times(world, "*Recovered.*") == 1

        # Level 2: it repairs alone what can be undone.
        await lacks_an_index(ops, client)
        await fire(world, watch)
        await saw(world, "*Recovered.*", 2)
        assert len(await indexes(ops)) == 1

        # What cannot be undone is a card; while it waits the next round is passed over.
        await ops.owner.execute("delete from shop.orders where id > 10000")
        await ops.owner.execute("select pg_stat_force_next_flush()")
        while not any(one["dead"] for one in listed(await ops.run("vacuum_debt"), "tables")):
            await asyncio.sleep(0.05)
        await fire(world, watch)
        card = await a_card(world, "Vacuum")
        await fire(world, watch, after_the_last=False)
        async with asyncio.timeout(60):
            while not await count(world, "skipped"):
                await asyncio.sleep(0.05)
        assert times(world, "A schedule, in the name of") == 1  # one message a day
        for who in (SAM, NOOR, KIM):
            await world.click(who, {**card, "channel": OPS}, "proposal.approve")
        await saw(world, "*Recovered.*", 3)

        # What nobody may end yet is left, and people are told, once.
        async with pool.acquire() as holder, pool.acquire() as waiter:
            transaction = holder.transaction()
            await transaction.start()
            await holder.execute("update shop.orders set note = 'x' where id = 1")
            waiting = asyncio.create_task(waiter.execute("update shop.orders set note = 'y' where id = 1"))
            while not (await ops.run("locks"))["waiting"]:
                await asyncio.sleep(0.05)
            await fire(world, watch)
            assert f"<@{DANA}> critical" in await said(world, "The database has not recovered: 1 connections", 60)
            await fire(world, watch)
            await saw(world, "Still so, and told", 1)
            assert times(world, f"<@{DANA}> critical") == 1
            await transaction.rollback()
            await waiting
        assert [e["event"].rpartition(".")[2] for e in await events(world)][-5:] == [
            "fired",
            "fired",
            "skipped",
            "fired",
            "fired",
        ]
