"""Deliveries of a bad day: some payloads come twice, some so late that newer ones are there first."""

import asyncio
import random
from dataclasses import dataclass, field

from bot.demo.slack.delivery import Courier, Receipt
from bot.demo.slack.wire import Json
from tests.chaos.plan import Deliveries


@dataclass(kw_only=True)
class BadCourier:
    """Around the real one; the next attempt goes to the next connection, so mostly to another replica."""

    carrier: Courier
    deliveries: Deliveries
    dice: random.Random
    twice: int = 0
    late: int = 0
    _again: set[asyncio.Task[object]] = field(default_factory=set)

    async def carry(self, kind: str, payload: Json, *, attempt: int, reason: str) -> Receipt:
        if self.dice.random() < self.deliveries.late:
            self.late += 1
            await asyncio.sleep(self.dice.uniform(0.05, 0.5))
        if self.dice.random() < self.deliveries.twice:
            self.twice += 1
            again = asyncio.create_task(self._once_more(kind, payload, self.dice.uniform(0, 0.8)))
            self._again.add(again)
            again.add_done_callback(self._again.discard)
        return await self.carrier.carry(kind, payload, attempt=attempt, reason=reason)

    async def _once_more(self, kind: str, payload: Json, delay: float) -> None:
        await asyncio.sleep(delay)
        await self.carrier.carry(kind, payload, attempt=1, reason="timeout")

    async def settled(self) -> None:
        """When nothing is on its way any more."""
        await asyncio.gather(*self._again, return_exceptions=True)
