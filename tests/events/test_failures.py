"""What each kind of failure leads to, and when a sink is tried again. Time passes by moving stored times back."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.events import registering
from storage.sinks import SinkState
from tests.events.conftest import Bench
from tests.events.receiver import SECRET, Behave, Got, Receiver, Reply


def always(status: int, **headers: str) -> Behave:
    async def behave(_got: Got) -> Reply:
        return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return behave


@pytest.mark.parametrize("status", [302, 408, 425, 429, 500, 502, 503])
async def test_a_sink_that_takes_nothing_is_asked_again_after_a_wait_that_doubles(
    bench: Bench, receiver: Receiver, status: int
) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a", "b", "c")
    receiver.behave = always(status)
    publisher = bench.publisher(pace={"lanes": 1})
    waits = (1.5, 3.0, 6.0, 12.0)
    for tries, wait in enumerate(waits, start=1):
        before = await bench.clock()
        await bench.rounds(publisher)
        assert [got.seq for got in receiver.asked] == [1] * tries, "one event is asked with, not the whole backlog"
        due = (await bench.now(sink)).next_try_at
        assert before + wait <= due <= await bench.clock() + wait
        # however long that took on a busy machine, the next try is ten seconds away now
        await bench.pass_time(due - await bench.clock() - 10)
        assert await bench.rounds(publisher) == 0, "too early"
        await bench.pass_time(10)
    now = await bench.now(sink)
    assert (now.failures, now.cursor, f"answered {status}" in now.last_error) == (4, 0, True)
    receiver.behave = always(200)
    await bench.rounds(publisher)
    assert receiver.firsts() == [1, 2, 3]
    now = await bench.now(sink)
    assert (now.failures, now.failing_since, now.cursor, now.last_error) == (0, None, 3, "")


async def test_retry_after_is_respected(bench: Bench, receiver: Receiver) -> None:
    await bench.sink(receiver.url)
    await bench.happened("a")
    receiver.behave = always(429, retry_after="600")
    publisher = bench.publisher()
    await bench.rounds(publisher)
    await bench.pass_time(595)
    assert await bench.rounds(publisher) == 0
    await bench.pass_time(5)
    assert await bench.rounds(publisher) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
async def test_an_event_refused_five_times_is_parked_and_named_and_the_next_one_goes_on(
    bench: Bench, receiver: Receiver, status: int
) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a", "a")

    async def not_the_first(got: Got) -> Reply:
        return Reply(status=status if got.seq == 1 else 200)

    receiver.behave = not_the_first
    publisher = bench.publisher()
    for _ in range(5):
        await bench.rounds(publisher)
        await bench.pass_time(60)
    await bench.rounds(publisher)
    assert [got.seq for got in receiver.asked] == [1, 1, 1, 1, 1, 2, 3]
    assert await bench.exceptions(sink) == {1: ("parked", 5)}
    event, body = (await bench.record())[2]
    assert event == "ops.event_sink.parked"
    assert json.loads(body) == {
        "sink": sink.id,
        "host": "127.0.0.1",
        "why": f"event 1 (ops.agent_task.created): answered {status}, 5 times",
    }
    assert (await bench.now(sink)).cursor == 3, "a parked event does not hold the cursor"


async def test_parked_events_are_sent_again_when_a_person_says_so(bench: Bench, receiver: Receiver) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a")
    receiver.behave = always(400)
    publisher = bench.publisher()
    for _ in range(12):
        await bench.rounds(publisher)
        await bench.pass_time(60)
    # the entry that tells of it is refused too, and that writes no further one
    assert await bench.exceptions(sink) == {1: ("parked", 5), 2: ("parked", 5)}
    assert len(await bench.record()) == 2
    receiver.behave = always(200)
    assert await registering.retry(bench.db, sink.id) == 2
    await bench.rounds(publisher)
    assert receiver.firsts() == [1, 2, 3]
    assert await bench.exceptions(sink) == {}


async def test_a_sink_that_refuses_everything_is_paused_before_it_is_given_up_on_event_by_event(
    bench: Bench, receiver: Receiver
) -> None:
    """A wrong secret answers 401 to all: ten events are parked, not the whole record, and a retry brings all."""
    sink = await bench.sink(receiver.url)
    await bench.happened(*(f"t{n}" for n in range(40)))
    receiver.secrets = ["whsec_" + "QUJD" * 8]
    publisher = bench.publisher(pace={"lanes": 1})
    for _ in range(8):
        await bench.rounds(publisher)
        await bench.pass_time(60)
    now = await bench.now(sink)
    assert (now.state, now.refusals) == (SinkState.PAUSED, 10)
    assert now.why == "it refused 10 events in a row; last event 10: answered 401"
    assert [state for state, _ in (await bench.exceptions(sink)).values()].count("parked") == 10
    receiver.secrets = [SECRET]
    assert await registering.retry(bench.db, sink.id) == 10
    await bench.rounds(publisher)
    await bench.pass_time(60)
    await bench.rounds(publisher)
    assert set(range(1, 41)) <= set(receiver.firsts())


async def test_410_pauses_the_sink_at_once(bench: Bench, receiver: Receiver) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a", "a")
    receiver.behave = always(410)
    publisher = bench.publisher()
    await bench.rounds(publisher)
    await bench.pass_time(86_400)
    assert await bench.rounds(publisher) == 0
    now = await bench.now(sink)
    assert (now.state, now.why, now.cursor) == (SinkState.PAUSED, "it answered 410: it wants no more events", 0)
    assert (await bench.record())[-1][0] == "ops.event_sink.paused"


async def test_a_sink_that_fails_for_days_is_paused_with_its_backlog_kept(bench: Bench, receiver: Receiver) -> None:
    sink = await bench.sink(receiver.url)
    await bench.happened("a")
    receiver.behave = always(503)
    publisher = bench.publisher(pace={"patience_tries": 5})
    await bench.rounds(publisher)
    await bench.pass_time(4 * 86_400)
    await bench.rounds(publisher)
    assert (await bench.now(sink)).state is SinkState.ACTIVE, "a bot that was down asks again first"
    for _ in range(3):
        await bench.pass_time(3600)
        await bench.rounds(publisher)
    now = await bench.now(sink)
    assert now.state is SinkState.PAUSED
    assert now.why == "it failed for 4.1 days; last answered 503"
    assert now.cursor == 0


async def test_nobody_there_a_bad_address_and_a_missing_secret_are_failures_of_the_sink(
    bench: Bench, receiver: Receiver
) -> None:
    async def to_metadata(_host: str, _port: int) -> list[str]:
        return ["169.254.169.254"]

    closed = await bench.sink("http://127.0.0.1:1/")
    inner = await bench.sink("https://events.example.com/")
    no_secret = await bench.sink(receiver.url, secret_env="NOT_THERE")
    await bench.happened("a")
    await bench.rounds(bench.publisher(resolve=to_metadata))
    assert (await bench.now(closed)).last_error == "cannot be reached (ConnectError)"
    assert "leads to an address inside" in (await bench.now(inner)).last_error
    assert (await bench.now(no_secret)).last_error.startswith("NOT_THERE is not set")
    assert receiver.asked == []


async def test_a_2xx_counts_whatever_follows_it(bench: Bench, receiver: Receiver) -> None:
    """An answer that never ends costs the sink its connection, not us our memory, and the event was taken."""

    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b"x" * 65536

    async def behave(_got: Got) -> Reply:
        return Reply(body=flood())

    sink = await bench.sink(receiver.url)
    await bench.happened("a", "a")
    receiver.behave = behave
    await bench.rounds(bench.publisher())
    assert [got.seq for got in receiver.taken] == [1, 2]
    assert (await bench.now(sink)).cursor == 2
    assert sent < 32 * 1024 * 1024, "no more than sockets hold on their way to a reader that left"
