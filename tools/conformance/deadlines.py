"""Whether a call ends when its time is over, and lets others work meanwhile."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

SOON = 0.05
"""seconds a call gets before it is told to stop"""
GRACE = 3.0
"""seconds it may take to stop, and the longest it may keep everybody else from working"""


async def overstays(call: Callable[[], Awaitable[object]]) -> str:
    """Why the call would not be stopped by its timeout; "" when it would.

    A call that swallows its cancellation, or blocks the event loop, holds a task's lease until somebody else takes
    the task, and then both work on it.
    """
    loop = asyncio.get_running_loop()
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            then = loop.time()
            await asyncio.sleep(0.01)
            longest = max(longest, loop.time() - then)

    async def attempt() -> None:
        with contextlib.suppress(Exception):  # how it fails is another promise
            await call()

    beating, calling = asyncio.create_task(beat()), asyncio.create_task(attempt())
    try:
        await asyncio.wait([calling], timeout=SOON)
        calling.cancel()
        done, _ = await asyncio.wait([calling], timeout=GRACE)
        # One more beat, so that a block at the very end counts too.
        await asyncio.sleep(0.02)
    finally:
        beating.cancel()
    if longest > GRACE:
        return f"it kept everything else waiting for {longest:.1f} s; use asynchronous calls, or asyncio.to_thread"
    if not done:
        return f"told to stop, it still ran {GRACE:g} s later; let CancelledError pass"
    return ""
