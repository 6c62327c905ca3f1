"""Checkout: takes orders, has a bug behind the flag `new-checkout`, and keeps the orders that must be tried again."""

import random
from collections import deque
from dataclasses import dataclass

from bot.demo.shop.counters import Counters, Key
from bot.demo.shop.flags import Flags
from bot.demo.shop.logs import LogLine, Logs
from bot.demo.shop.pipeline import Pipeline
from bot.demo.shop.throttles import Throttles

FLAG = "new-checkout"
CAPACITY = 12.0
"""requests a second checkout can serve; near it, answers get slow"""
BACKLOG_MAX = 2000
RETRIES_PER_SECOND = 8.0
PLACE, RETRY = "POST /checkout/orders", "POST /checkout/retry"


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order on its way, and when it is sent again if it failed."""

    customer: int
    items: int
    due: float = 0.0


class Checkout:
    """The component and its backlog of failed orders."""

    def __init__(
        self,
        *,
        rng: random.Random,
        counters: Counters,
        logs: Logs,
        flags: Flags,
        throttles: Throttles,
        pipeline: Pipeline,
    ) -> None:
        self._rng, self._counters, self._logs = rng, counters, logs
        self._flags, self._throttles, self._pipeline = flags, throttles, pipeline
        self.backlog: deque[Order] = deque(maxlen=BACKLOG_MAX)
        self._may_retry = 0.0
        self.waits_ms = 0.0
        """for the orders database, of each order; 0 where the shop has none"""

    def place(self, order: Order, at: float, *, endpoint: str = PLACE) -> int:
        """Serve one order and answer with its status: 201, 429, 502 or 503."""
        flag = self._flags.find(FLAG)
        flagged = flag is not None and flag.covers(order.customer)
        key = Key(component="checkout", endpoint=endpoint, flag=FLAG if flagged else "")
        if not self._throttles.admits("checkout.order" if endpoint == PLACE else "checkout.retry", at):
            self._counters.record(at, key, status=429, latency_ms=2)
            return 429
        status = self._answer(order, at, flagged=flagged)
        self._counters.record(at, key, status=status, latency_ms=self._latency(at))
        if status == 201:
            self._pipeline.publish(at)
        else:
            self.backlog.append(Order(customer=order.customer, items=order.items, due=at + self._rng.uniform(20, 60)))
        return status

    def _answer(self, order: Order, at: float, *, flagged: bool) -> int:
        if flagged and order.items > 1:
            # The bug: the new code sends one currency for each item, and the provider wants one for the cart.
            self._log(order, at, "payment provider refused the cart: currency is given 2 times", flag=FLAG)
            return 502
        if self._rng.random() < 0.002:
            self._log(order, at, "payment provider did not answer in 3 s", flag=FLAG if flagged else "")
            return 503
        return 201

    def _log(self, order: Order, at: float, message: str, *, flag: str) -> None:
        self._logs.write(
            LogLine(
                at=at,
                level="error",
                component="checkout",
                message=message,
                trace_id=f"{self._rng.getrandbits(64):016x}",
                fields=(("customer", f"c-{order.customer}"), ("items", str(order.items)), ("flag", flag or "none")),
            )
        )

    def _latency(self, at: float) -> float:
        load = min(0.95, self._counters.requests(at, 2, "checkout") / 2 / CAPACITY)
        return self._rng.uniform(40, 90) / (1 - load) + self.waits_ms

    def retry_due(self, at: float, seconds: float) -> None:
        """Send failed orders again, as fast as the clients would."""
        self._may_retry = min(1.0, self._may_retry + seconds * RETRIES_PER_SECOND)
        if self._may_retry >= 1.0 and self.backlog and self.backlog[0].due <= at:
            self._may_retry -= 1.0
            order = self.backlog.popleft()
            if self.place(order, at, endpoint=RETRY) == 429:
                # place() does not keep a refused order: it goes to the end of the line, due again soon.
                self.backlog.append(Order(customer=order.customer, items=order.items, due=at + 1))
