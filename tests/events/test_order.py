"""Each task's events arrive in order, different tasks side by side, and nothing holds up what it need not."""

import asyncio

from storage.db import Database
from tests.builders import TENANT
from tests.events.conftest import Bench
from tests.events.receiver import Got, Receiver, Reply

TASKS = [f"t{n}" for n in range(6)]


async def test_events_of_a_task_come_in_order_and_tasks_come_side_by_side(bench: Bench, receiver: Receiver) -> None:
    sink = await bench.sink(receiver.url)
    for _ in range(5):
        await bench.happened(*TASKS)
    all_in = asyncio.Event()

    async def hold_until_all_tasks_are_here(_got: Got) -> Reply:
        if receiver.at_once == len(TASKS):
            all_in.set()
        await all_in.wait()
        return Reply()

    receiver.behave = hold_until_all_tasks_are_here
    await bench.rounds(bench.publisher())
    assert receiver.most_at_once == len(TASKS)
    for n, task in enumerate(TASKS):
        assert [got.seq for got in receiver.taken if got.task == task] == [n + 1 + 6 * turn for turn in range(5)]
    assert (await bench.now(sink)).cursor == 30
    assert await bench.exceptions(sink) == {}


async def test_no_more_tasks_at_once_than_the_limit(bench: Bench, receiver: Receiver) -> None:
    await bench.sink(receiver.url)
    await bench.happened(*(f"t{n}" for n in range(20)))

    async def slow(_got: Got) -> Reply:
        for _ in range(50):
            await asyncio.sleep(0)
        return Reply()

    receiver.behave = slow
    await bench.rounds(bench.publisher(pace={"lanes": 3}))
    assert receiver.most_at_once == 3
    assert len(receiver.taken) == 20


async def test_order_holds_through_failures_of_every_kind(bench: Bench, receiver: Receiver) -> None:
    """Each event fails some way first; what a receiver sees first is still in order, and whole."""
    await bench.sink(receiver.url)
    for _ in range(4):
        await bench.happened(*TASKS)
    failed: dict[int, int] = {}

    async def fail_first(got: Got) -> Reply:
        failed[got.seq] = failed.get(got.seq, 0) + 1
        match (got.seq % 5, failed[got.seq]):
            case (0, 1):
                return Reply(status=503)
            case (1, 1):
                return Reply(status=400)
            case (2, 1):
                raise ConnectionError("broken in the middle")
            case (3, 1 | 2):
                return Reply(status=429, headers={"retry-after": "2"})
        return Reply()

    receiver.behave = fail_first
    publisher = bench.publisher()
    for _ in range(60):
        await bench.rounds(publisher)
        await bench.pass_time(120)
    assert sorted(receiver.firsts()) == list(range(1, 25))
    for task in TASKS:
        assert receiver.firsts(task) == sorted(receiver.firsts(task))


async def test_a_refused_event_holds_back_its_own_task_only(bench: Bench, receiver: Receiver) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a", "b", "a", "b")

    async def not_the_first(got: Got) -> Reply:
        return Reply(status=422 if got.seq == 1 else 200)

    receiver.behave = not_the_first
    await bench.rounds(bench.publisher())
    assert receiver.firsts() == [2, 4]
    assert await bench.exceptions(sink) == {1: ("trying", 1), 2: ("settled", 0), 4: ("settled", 0)}
    assert (await bench.now(sink)).cursor == 0


async def test_only_what_was_asked_for_is_sent_and_the_rest_does_not_come_back(
    bench: Bench, receiver: Receiver
) -> None:
    sink = await bench.sink(receiver.url, "ops.agent_task.exec*", "ops.schedule.fired")
    await bench.happened("a")
    await bench.happened("a", event="ops.agent_task.executed")
    await bench.happened("", event="ops.schedule.fired")
    await bench.happened("a", event="internal.note")
    await bench.rounds(bench.publisher())
    assert receiver.firsts() == [2, 3]
    assert (await bench.now(sink)).cursor == 4


async def test_a_sink_gets_its_own_tenants_events(bench: Bench, receiver: Receiver) -> None:
    await bench.sink(receiver.url)
    await bench.happened("mine")
    await bench.happened("theirs", tenant="T0OTHER")
    await bench.rounds(bench.publisher())
    assert [got.event["id"] for got in receiver.taken] == [f"{TENANT}:1"]


async def test_a_new_sink_begins_now_unless_told_to_begin_at_the_start(bench: Bench, receiver: Receiver) -> None:
    await bench.happened("old")
    await bench.sink(receiver.url, from_start=False)
    await bench.happened("new")
    await bench.rounds(bench.publisher())
    assert [got.task for got in receiver.taken] == ["new"]


async def test_two_publishers_at_once_send_each_event_once(bench: Bench, db: Database, receiver: Receiver) -> None:
    await bench.sink(receiver.url)
    for _ in range(10):
        await bench.happened(*TASKS)
    both = [bench.publisher(), bench.publisher()]
    running = [asyncio.create_task(one.run()) for one in both]
    for _ in range(10):
        await bench.happened(*TASKS)
    await receiver.until(lambda: len(receiver.taken) >= 120)
    for one in both:
        one.stop()
    await asyncio.gather(*running)
    assert sorted(got.seq for got in receiver.taken) == list(range(1, 121))
    for task in TASKS:
        assert receiver.firsts(task) == sorted(receiver.firsts(task))
