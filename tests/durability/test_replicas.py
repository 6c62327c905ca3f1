"""Two replicas on one PostgreSQL: deliveries that come twice, a replica that dies, freezes, or is told to stop."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import sqlalchemy as sa

from storage import tasks
from storage.records import TaskState
from storage.tables import tasks as tasks_table
from tests.durability.bench import CONNECTIONS, TENANT, Bench, a_bench
from tests.durability.bots import BotProcess, Nursery
from tests.durability.points import FLAG
from tests.durability.reading import chain_holds, settled, stored
from tests.durability.stories import ended_well

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module"), pytest.mark.postgres]
DEFAULT_LEASE = "12"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(
    nursery: Nursery, postgres_of_module: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    """A bench with two bots."""
    async with a_bench(tmp_path_factory.mktemp("replicas"), nursery, postgres_of_module) as made:
        await made.start_bot()
        await made.start_bot()
        yield made


async def _worker_of(bench: Bench, thread: str) -> BotProcess:
    """The replica that works on the task of this thread."""
    async with bench.database() as db, db.read() as tx:
        query = sa.select(tasks_table.c.owner).where(tasks_table.c.thread_ts == thread, tasks_table.c.tenant == TENANT)
        owner = str((await tx.run(query)).scalar_one())
    [bot] = [bot for bot in bench.bots if f"-{bot.pid}-" in owner]
    return bot


async def test_whatever_comes_twice_is_worked_on_once(bench: Bench) -> None:
    """Each event again on the other replica, while the task runs and after it ended: one task, one card, one change."""
    async with bench.starting_over_on_failure(bots=2):
        bench.break_checkout()
        before = len(bench.shop.world.effects.applied)
        hold = bench.hold("GET /logs")
        thread = await bench.ask()
        await bench.reached(hold)
        mine = [i for i, sent in bench.slack.delivery.sent.items() if sent["event"].get("ts") == thread]
        assert mine
        for event_id in mine * 3:
            bench.slack.delivery.redeliver(event_id)
        hold.let_pass()
        await bench.approve(thread)
        await ended_well(bench, thread, effects_before=before)
        seen = len(bench.slack.log.find(kind="event"))
        for event_id in mine * 2:
            bench.slack.delivery.redeliver(event_id)
        await bench.slack.wait_for(lambda: len(bench.slack.log.find(kind="event")) >= seen + 2 * len(mine))
        async with bench.database() as db:
            await settled(bench, db)
            async with db.read() as tx:
                assert len([t for t in await tasks.recent(tx, TENANT) if t.thread_ts == thread]) == 1


@pytest.mark.parametrize("call", ["GET /logs", "chat.appendStream", f"write {FLAG}"])
async def test_a_frozen_replica_that_wakes_up_says_and_does_nothing_more(bench: Bench, call: str) -> None:
    """It slept past its lease inside a call; the other one took over; the thread tells everything once."""
    async with bench.starting_over_on_failure(bots=2):
        bench.break_checkout()
        before = len(bench.shop.world.effects.applied)
        hold = bench.hold(call)
        thread = await bench.ask()
        if call.startswith("write"):
            await bench.approve(thread)
        await bench.reached(hold)
        bot = await _worker_of(bench, thread)
        bot.freeze()
        try:
            if not call.startswith("write"):
                await bench.button(thread, "proposal.approve")
            else:
                await bench.button(thread, "proposal.undo", says="Done and verified")
        finally:
            bot.thaw()
        hold.let_pass()
        if not call.startswith("write"):
            await bench.approve(thread)
        await ended_well(bench, thread, effects_before=before)


async def test_a_task_is_parked_while_every_bot_restarts(bench: Bench) -> None:
    """One is killed, one stops in order; the approval given afterwards runs once."""
    async with bench.starting_over_on_failure(bots=2):
        bench.break_checkout()
        before = len(bench.shop.world.effects.applied)
        thread = await bench.ask()
        await bench.button(thread, "proposal.approve")
        await bench.kill(bench.bots[0])
        await bench.stop(bench.bots[0])
        async with bench.database() as db:
            parked = await stored(db, thread)
        assert (parked.task.state, parked.task.owner) == (TaskState.NEEDS_APPROVAL, None)
        await bench.start_bot()
        await bench.start_bot()
        await bench.approve(thread)
        await ended_well(bench, thread, effects_before=before)


@pytest.mark.parametrize("answers", [True, False])
async def test_a_bot_told_to_stop_ends_what_runs_and_closes_its_streams(bench: Bench, answers: bool) -> None:
    """SIGTERM while a tool has not answered yet, or never will: gone within 20 s, and no stream is left open."""
    async with bench.starting_over_on_failure(bots=2):
        bench.break_checkout()
        hold = bench.hold("GET /logs")
        thread = await bench.ask()
        await bench.reached(hold)
        bot = await _worker_of(bench, thread)
        began = time.monotonic()
        stopping = asyncio.create_task(bench.stop(bot))
        await bench.slack.wait_for(lambda: len(bench.slack.sockets.connections) == CONNECTIONS)
        if answers:
            hold.let_pass()
        await stopping
        assert time.monotonic() - began < 20
        hold.end()
        await bench.start_bot()
        async with bench.database() as db:
            await settled(bench, db)
            await chain_holds(db)
            end = await stored(db, thread)
        assert not any(m.get("streaming") for m in bench.ours(thread))
        assert end.task.state is (TaskState.NEEDS_APPROVAL if answers else TaskState.COMPLETED)


async def test_a_dead_replicas_task_is_taken_over_within_15_seconds(bench: Bench) -> None:
    """With the lease as it ships."""
    async with bench.starting_over_on_failure(bots=2):
        for bot in list(bench.bots):
            await bench.kill(bot)
        await bench.start_bot(AUTOPILOT_LEASE_SECONDS=DEFAULT_LEASE)
        await bench.start_bot(AUTOPILOT_LEASE_SECONDS=DEFAULT_LEASE)
        bench.break_checkout()
        before = len(bench.shop.world.effects.applied)
        first = bench.hold("GET /logs")
        thread = await bench.ask()
        await bench.reached(first)
        again = bench.hold("GET /logs")
        await bench.kill(await _worker_of(bench, thread))
        first.end()
        await bench.reached(again, 15)
        again.let_pass()
        assert len(bench.slack.sockets.connections) == CONNECTIONS
        await bench.approve(thread)
        await ended_well(bench, thread, effects_before=before)
        await bench.start_bot()
