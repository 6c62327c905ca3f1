"""Who may call next, when many streams share one rate limit."""

import asyncio
from collections import deque

from bot.slack.allowance import Allowance

_TICK = 0.001
"""Seconds; shorter waits can vanish in the rounding of the clock."""


class FairBudget:
    """Hands out the calls of one allowance: first calls before all others, else in the order asked.

    A stream asks again only after its last call, so "in the order asked" is a round robin among streams.
    """

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._firsts: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._held_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, *, first: bool = False) -> None:
        """Wait until one call is allowed, and count it."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._firsts if first else self._others).append(place)
        self._serve()
        await place

    def idle(self, *, first: bool = False) -> bool:
        """Whether a call would be allowed right now."""
        return not self._firsts and (first or not self._others) and self.wait(first=first) <= 0.0

    def wait(self, *, first: bool = False) -> float:
        """Seconds until whoever is next in line is served; 0 means now."""
        return max(0.0, self._wait(asyncio.get_running_loop().time(), first=first))

    def hold(self, seconds: float) -> None:
        """Allow nothing for a while: Slack said so."""
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)

    def _wait(self, now: float, *, first: bool) -> float:
        return max(self._held_until - now, self._allowance.wait(now, first=first))

    def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while queue := self._next_queue():
            first = queue is self._firsts
            wait = self._wait(loop.time(), first=first)
            if wait > 0.0:
                self._timer = loop.call_later(max(wait, _TICK), self._serve)
                return
            self._allowance.take(loop.time(), first=first)
            queue.popleft().set_result(None)

    def _next_queue(self) -> deque[asyncio.Future[None]] | None:
        """The queue whose head is next, without those who stopped waiting."""
        for queue in (self._firsts, self._others):
            while queue and queue[0].done():
                queue.popleft()
            if queue:
                return queue
        return None
