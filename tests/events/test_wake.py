"""An event leaves when it is written, not at the next look."""

import asyncio

from tests.events.conftest import Bench
from tests.events.receiver import Receiver


async def test_a_new_entry_wakes_the_publisher(bench: Bench, receiver: Receiver) -> None:
    """Its next look by itself would be in an hour."""
    publisher = bench.publisher(pace={"poll": 3600.0})
    await bench.sink(receiver.url)
    running = asyncio.create_task(publisher.run())
    try:
        for number in range(3):
            await bench.happened(f"t{number}")
            await receiver.until(lambda task=f"t{number}": bool(receiver.firsts(task)), 60)  # type: ignore[misc]
    finally:
        publisher.stop()
        await running
