"""Who goes first at the database: the start of an approved call. Cards, streams, sweeps and answers wait for a lull.

While a call is on its way from the press to its service, everything else has its transactions one after the other.
That is enough: it goes on, but a hundred redraws cannot stand between a person's Approve and what they approved.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

LONGEST_WAIT = 1.0
"""seconds that a transaction waits for its turn at most: leases are held by transactions, too"""
_first: ContextVar[bool] = ContextVar("first", default=False)


@dataclass
class Precedence:
    """Of one process. Between processes the database's own locks decide."""

    _starting: int = 0
    _lull: asyncio.Event = field(default_factory=asyncio.Event)
    _lane: asyncio.Lock = field(default_factory=asyncio.Lock)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """What is done inside starts an approved call, or lets one be started: it waits for nobody here."""
        token = _first.set(True)
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1
            _first.reset(token)
            if not self._starting:
                self._lull.set()

    async def lull(self, longest: float) -> None:
        """Wait until no call is being started, at most `longest` seconds: before work that takes more than a moment."""
        if not self._starting:
            return
        self._lull.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await self._lull.wait()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The turn of one transaction, until the block ends."""
        if _first.get() or not self._starting or not await self._queued():
            yield
            return
        try:
            yield
        finally:
            self._lane.release()

    async def _queued(self) -> bool:
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                return await self._lane.acquire()
        except TimeoutError:
            return False
