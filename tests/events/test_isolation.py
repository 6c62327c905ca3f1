"""A sink can be dead, hang or flood: tasks, the database and other sinks do not notice."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
import structlog

from storage.db import Database
from storage.tables import event_deliveries, event_sinks
from tests.events.conftest import Bench
from tests.events.receiver import SECRET, Behave, Got, Receiver, Reply, receiving


def _in_use(db: Database) -> int:
    """Connections that are out of their pools."""
    local = db._sqlite
    pools = [db.engine.pool] if local is None else [local._writer.pool, local._reader.pool]
    return sum(pool.checkedout() for pool in pools if isinstance(pool, sa.QueuePool))


async def test_tasks_write_and_other_sinks_are_served_while_one_hangs(
    bench: Bench, db: Database, receiver: Receiver
) -> None:
    """All its requests are held open: no database connection is held meanwhile, and all else goes on."""
    never = asyncio.Event()

    async def hang(_got: Got) -> Reply:
        await never.wait()
        return Reply()

    receiver.behave = hang
    async with receiving() as healthy:
        hanging = await bench.sink(receiver.url)
        await bench.sink(healthy.url)
        await bench.happened(*(f"t{n}" for n in range(20)))
        publisher = bench.publisher(pace={"timeout": 30.0})
        running = asyncio.create_task(publisher.run())
        await receiver.until(lambda: receiver.at_once == 8)
        await healthy.until(lambda: len(healthy.taken) == 20)
        for n in range(30):
            await bench.happened(f"t{n}")
        await healthy.until(lambda: len(healthy.taken) == 50)
        assert receiver.at_once == 8, "it hangs still, with as many requests as it may have"
        assert (await bench.now(hanging)).cursor == 0
        publisher.stop()
        async with asyncio.timeout(5):
            while _in_use(db):  # noqa: ASYNC110  # the healthy sink's last round; a pool tells of nothing
                await asyncio.sleep(0)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_sink_that_drips_is_cut_off(bench: Bench, receiver: Receiver) -> None:
    """Bytes that keep coming do not keep the time limit from passing."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"."
            await asyncio.sleep(0.05)

    async def behave(_got: Got) -> Reply:
        return Reply(status=500, body=drip())

    sink = await bench.sink(receiver.url)
    await bench.happened("a")
    receiver.behave = behave
    started = asyncio.get_running_loop().time()
    await bench.rounds(bench.publisher())
    assert asyncio.get_running_loop().time() - started < 4
    assert (await bench.now(sink)).last_error == "answered 500"


async def test_a_silent_sink_is_given_the_time_of_one_delivery(bench: Bench, receiver: Receiver) -> None:
    never = asyncio.Event()

    async def hang(_got: Got) -> Reply:
        await never.wait()
        return Reply()

    sink = await bench.sink(receiver.url)
    await bench.happened("a", "a", "a")
    receiver.behave = hang
    await bench.rounds(bench.publisher(pace={"timeout": 0.2}))
    assert [got.seq for got in receiver.asked] == [1]
    assert (await bench.now(sink)).last_error == "did not answer within 0.2 s"


async def test_a_redirect_is_not_followed_and_cookies_do_not_stick(bench: Bench, receiver: Receiver) -> None:
    async with receiving() as inner:

        async def redirect(got: Got) -> Reply:
            if len(receiver.asked) == 1:
                return Reply(status=307, headers={"location": inner.url, "set-cookie": "a=b"})
            return Reply(headers={"set-cookie": "a=b"})

        receiver.behave = redirect
        await bench.sink(receiver.url)
        await bench.happened("a", "a")
        publisher = bench.publisher()
        await bench.rounds(publisher)
        assert inner.asked == []
        await bench.pass_time(60)
        await bench.rounds(publisher)
        await bench.happened("a")
        await bench.rounds(publisher)
        assert len(receiver.taken) == 3
        assert "cookie" not in receiver.asked[1].headers
        assert "cookie" not in receiver.asked[-1].headers


async def test_the_publisher_outlives_a_round_that_breaks(bench: Bench, db: Database, receiver: Receiver) -> None:
    """A row that makes no sense stops its own sink only."""
    broken = await bench.sink(receiver.url)
    async with db.write() as tx:
        await tx.run(event_sinks.update().where(event_sinks.c.id == broken.id).values(patterns=[1]))
    await bench.sink(receiver.url)
    await bench.happened("a")
    publisher = bench.publisher()
    running = asyncio.create_task(publisher.run())
    await receiver.until(lambda: len(receiver.taken) == 1)
    publisher.stop()
    await running


async def test_the_secret_is_never_stored_logged_or_shown(
    bench: Bench, db: Database, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the secret nor the address's path, in good times and bad."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.WARNING, logger="httpx")  # as bot/logs.py has it: its lines hold whole addresses
    publisher = bench.publisher()
    with structlog.testing.capture_logs() as lines:
        for status in (200, 503, 400, 410):
            receiver.behave = _answering(status)
            await bench.sink(f"{receiver.url}/path-that-is-secret")
            await bench.happened("a")
            await bench.rounds(publisher)
    assert any(line["log_level"] == "error" for line in lines), "pausing is logged"
    assert receiver.unsigned == []
    assert all(got.path.endswith("/path-that-is-secret") for got in receiver.asked)
    key = SECRET.removeprefix("whsec_")
    assert key not in repr(publisher)
    assert key not in repr(publisher._hooks)
    said = caplog.text + repr(lines) + repr(await bench.record())
    assert key not in said
    assert "path-that-is-secret" not in said
    async with db.read() as tx:
        for table in (event_sinks, event_deliveries):
            assert key not in repr((await tx.run(sa.select(table))).all())


def _answering(status: int) -> Behave:
    async def behave(_got: Got) -> Reply:
        return Reply(status=status)

    return behave
