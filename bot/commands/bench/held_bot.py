"""The whole bot with a brain that never answers: every event becomes a task on disk, and no work disturbs the ack.

Run by the ack benchmark as `python -m bot.commands.bench.held_bot`.
"""

import asyncio
import signal
from collections.abc import AsyncGenerator

import uvloop

from bot import light


class HeldBrain:
    """Waits for ever."""

    name = "held"

    async def think(self, prompt: object) -> AsyncGenerator[object, None]:
        await asyncio.Event().wait()
        yield None  # makes this a generator, as brains are


async def main() -> None:
    from bot import settings, wiring

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    running = wiring.run(
        settings.read(),
        stop,
        on_ready=lambda: print("held bot is connected", flush=True),  # noqa: T201 - the benchmark waits for it
        brain=HeldBrain(),  # type: ignore[arg-type]  # it never gets as far as an event
    )
    # Held tasks never end, so this process does not wait for them.
    working = asyncio.create_task(running)
    await asyncio.wait([working, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        working.result()


if __name__ == "__main__":
    light.skip_unused()
    uvloop.run(main())
