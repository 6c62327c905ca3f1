"""The time of the local Slack: real by default, and a test may freeze it and move it by hand."""

import asyncio
import time
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Clock:
    """Seconds since the epoch, plus what was added by `advance`."""

    def __init__(self, *, frozen_at: float | None = None) -> None:
        self._frozen_at = frozen_at
        self._added = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        return (time.time() if self._frozen_at is None else self._frozen_at) + self._added

    def advance(self, seconds: float) -> None:
        """Move time forward; whoever sleeps past the new time wakes."""
        self._added += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def sleep(self, seconds: float) -> None:
        """Come back when `seconds` have passed on this clock, by themselves or by `advance`."""
        until = self.now() + seconds
        while (left := until - self.now()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), left if self._frozen_at is None else None)

    async def within(self, future: asyncio.Future[T], seconds: float) -> bool:
        """Whether the future was done before `seconds` passed."""
        timer = asyncio.ensure_future(self.sleep(seconds))
        try:
            both: set[asyncio.Future[Any]] = {future, timer}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return future.done()
