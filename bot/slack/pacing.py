"""Slack's rate limits of one workspace, kept by everyone in this process who calls a paced method.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.slack.allowance import KeptForFirsts, SlidingWindow, TokenBucket
from bot.slack.budget import FairBudget
from bot.slack.faults import Fault, classify

_PER_CHANNEL = frozenset({"chat.postMessage"})
_CHANNELS_KEPT = 2_000


class Pace:
    """One workspace's turns. `appends_per_minute` is lower where several processes share the workspace."""

    def __init__(self, *, appends_per_minute: float = 96.0, starts_per_minute: int = 20) -> None:
        # Slack counts when a call arrives, we when it leaves: hence a little below the published 100.
        self._budgets = {
            "chat.appendStream": FairBudget(
                TokenBucket(per_minute=appends_per_minute, burst=appends_per_minute / 5, reserve=appends_per_minute / 9)
            ),
            "chat.startStream": FairBudget(SlidingWindow(limit=starts_per_minute, seconds=60.5)),
            "chat.stopStream": FairBudget(SlidingWindow(limit=starts_per_minute, seconds=60.5)),
            # Kept: cards whose buttons are stale, which people press meanwhile, and first words where none stream.
            "chat.update": FairBudget(KeptForFirsts(per_minute=49, kept=17, burst=12.0)),
            "views.publish": FairBudget(SlidingWindow(limit=98, seconds=60.5)),
        }
        self._channels: dict[tuple[str, str], FairBudget] = {}

    async def turn(self, method: str, channel: str, *, first: bool = False) -> None:
        """Wait until this call may be made; `first` goes before others (the first words of an answer)."""
        if budget := self._budget(method, channel):
            await budget.turn(first=first)

    async def turn_within(self, seconds: float, method: str, channel: str) -> bool:
        """Whether this call may be made before so long; waits for its turn only when that can be."""
        if (budget := self._budget(method, channel)) is None:
            return True
        if budget.wait(first=True) > seconds:
            return False
        try:
            async with asyncio.timeout(seconds):
                await budget.turn(first=True)
        except TimeoutError:  # others were before us
            return False
        return True

    @asynccontextmanager
    async def slot(self, method: str, channel: str, *, first: bool = False) -> AsyncIterator[None]:
        """Wait for a turn; a 429 from the call inside holds everyone back as long as Slack asks."""
        await self.turn(method, channel, first=first)
        try:
            yield
        except Exception as error:
            failure = classify(error)
            if failure is not None and failure.fault is Fault.RATE_LIMITED:
                self.hold(method, channel, failure.retry_after)
            raise

    def idle(self, method: str, channel: str, *, first: bool = False) -> bool:
        """Whether a call could be made without waiting."""
        budget = self._budget(method, channel)
        return budget is None or budget.idle(first=first)

    def hold(self, method: str, channel: str, seconds: float) -> None:
        """Make no such call for a while."""
        if budget := self._budget(method, channel):
            budget.hold(seconds)

    def _budget(self, method: str, channel: str) -> FairBudget | None:
        """The budget of a method, or None when the method is not paced."""
        if method not in _PER_CHANNEL:
            return self._budgets.get(method)
        key = (method, channel)
        if key not in self._channels:
            if len(self._channels) >= _CHANNELS_KEPT:
                self._channels.pop(next(iter(self._channels)))
            self._channels[key] = FairBudget(SlidingWindow(limit=1, seconds=1.05))
        return self._channels[key]
