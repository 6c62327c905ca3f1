"""Whatever ends a publisher, and wherever: nothing is lost, and what is repeated is still in order."""

import asyncio
import gc
import os
import signal
import sys
from pathlib import Path

import pytest

from bot.events import registering
from storage.errors import LostRace
from storage.sinks import SinkState
from tests.events.conftest import Bench
from tests.events.interrupted import cancelled_at
from tests.events.receiver import SECRET, Got, Receiver, Reply

LEASE = 31.0


@pytest.mark.long
@pytest.mark.timeout(300)
# asyncio leaves the socket of a cancelled connect to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_publisher_may_be_cancelled_at_every_await(bench: Bench, receiver: Receiver, database_url: str) -> None:
    """At least once and in order per task, with a crash at the first await of a round, at the second, and so on."""
    await bench.happened("a", "b", "a", "b")
    dying, other = bench.publisher(), bench.publisher()
    ends = False
    number = 0
    while not ends:
        number += 1
        receiver.taken.clear()
        sink = await bench.sink(receiver.url)
        ends = await cancelled_at(number, dying.round(sink.id))
        await bench.pass_time(LEASE)
        await bench.rounds(other)
        assert sorted(receiver.firsts()) == [1, 2, 3, 4], f"cancelled at await {number}"
        assert receiver.firsts("a") == [1, 3]
        assert receiver.firsts("b") == [2, 4]
        assert (await bench.now(sink)).cursor == 4
        assert await bench.exceptions(sink) == {}
    assert number > 30, "a round has more awaits than that; nothing was cancelled"
    gc.collect()  # here, and not in the middle of another test


async def test_a_dead_publishers_sink_is_taken_over_after_its_lease_and_not_before(
    bench: Bench, receiver: Receiver
) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a")

    async def die(_got: Got) -> Reply:
        dying.cancel()
        return Reply()

    receiver.behave = die
    dying = asyncio.create_task(bench.publisher().round(sink.id))
    with pytest.raises(asyncio.CancelledError):
        await dying
    other = bench.publisher()
    assert await bench.rounds(other) == 0
    await bench.pass_time(LEASE)
    assert await bench.rounds(other) == 1
    assert [got.seq for got in receiver.asked] == [1, 1]
    assert receiver.asked[0].body == receiver.asked[1].body
    assert receiver.asked[0].headers["webhook-id"] == receiver.asked[1].headers["webhook-id"]


async def test_a_publisher_that_froze_past_its_lease_changes_nothing_when_it_wakes(
    bench: Bench, receiver: Receiver
) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a")
    frozen_is_here, wake = asyncio.Event(), asyncio.Event()

    async def hold_the_first(_got: Got) -> Reply:
        if not frozen_is_here.is_set():
            frozen_is_here.set()
            await wake.wait()
            return Reply(status=410)
        return Reply()

    receiver.behave = hold_the_first
    frozen = asyncio.create_task(bench.publisher().round(sink.id))
    await frozen_is_here.wait()
    await bench.pass_time(LEASE)
    await bench.rounds(bench.publisher())
    wake.set()
    with pytest.raises(LostRace):
        await frozen
    now = await bench.now(sink)
    assert (now.state, now.cursor) == (SinkState.ACTIVE, 1)


async def test_a_sink_removed_in_the_middle_of_a_round_stays_removed(bench: Bench, receiver: Receiver) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a", "b")

    async def remove(got: Got) -> Reply:
        if got.seq == 1:
            await registering.remove(bench.db, sink.id)
        return Reply(status=400)

    receiver.behave = remove
    with pytest.raises(LostRace):
        await bench.publisher(pace={"lanes": 1}).round(sink.id)
    assert (await bench.record())[-1][0] == "ops.event_sink.removed"
    assert await bench.exceptions(sink) == {}


async def test_the_backlog_of_a_time_without_a_publisher_is_sent(bench: Bench, receiver: Receiver) -> None:
    """More than one round reads; nothing but the record holds it."""
    sink = await bench.sink(receiver.url)
    for _ in range(10):
        await bench.happened(*(f"t{n}" for n in range(30)))
    publisher = bench.publisher(pace={"read": 70})
    running = asyncio.create_task(publisher.run())
    await receiver.until(lambda: len(receiver.taken) >= 300)
    publisher.stop()
    await running
    assert sorted(receiver.firsts()) == list(range(1, 301))
    assert (await bench.now(sink)).cursor == 300


async def test_stop_stores_what_was_delivered_so_that_a_restart_repeats_nothing(
    bench: Bench, receiver: Receiver
) -> None:
    await bench.sink(receiver.url)
    await bench.happened(*["a"] * 100)
    publisher = bench.publisher()

    async def stop_at_ten(got: Got) -> Reply:
        if got.seq == 10:
            publisher.stop()
        return Reply()

    receiver.behave = stop_at_ten
    await publisher.run()
    assert receiver.firsts() == list(range(1, 11))
    await bench.rounds(bench.publisher())
    assert [got.seq for got in receiver.taken] == list(range(1, 101))


PROGRAM = """
import asyncio, sys
from bot.events.publisher import Pace, Publisher
from policy.redaction import Redactor
from storage.db import Database
from storage.row_security import EVERYTHING

db = Database(sys.argv[1], sees=EVERYTHING)
publisher = Publisher(db=db, environ={"SINK_SECRET": sys.argv[2]}, redactor=Redactor.default(), pace=Pace(poll=0.02))
asyncio.run(publisher.run())
"""


async def test_kill_9_in_the_middle_loses_nothing(bench: Bench, receiver: Receiver, database_url: str) -> None:
    """A real process, killed three times while events are in the air."""
    sink = await bench.sink(receiver.url)
    for _ in range(40):
        await bench.happened("a", "b", "c")
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for kills in range(1, 4):
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, database_url, SECRET, env=env, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            enough = 20 * kills
            await receiver.until(lambda: len(receiver.taken) >= enough, timeout=60)  # noqa: B023  # awaited at once
        finally:
            program.send_signal(signal.SIGKILL)
            await program.wait()
        await bench.pass_time(LEASE)
    await bench.rounds(bench.publisher())
    assert sorted(receiver.firsts()) == list(range(1, 121))
    for task in ("a", "b", "c"):
        assert receiver.firsts(task) == sorted(receiver.firsts(task))
    assert (await bench.now(sink)).cursor == 120
