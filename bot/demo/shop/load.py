"""The load: about 20 requests a second that really go through the shop's own code."""

import random

from bot.demo.shop.checkout import Checkout, Order
from bot.demo.shop.counters import Counters, Key
from bot.demo.shop.flags import CUSTOMERS, EXPRESS_PERCENT
from bot.demo.shop.logs import LogLine, Logs
from bot.demo.shop.throttles import Throttles

RATES = {
    "storefront.product": ("storefront", "GET /storefront/products/{sku}", 6.0),
    "storefront.home": ("storefront", "GET /storefront", 2.0),
    "search.query": ("search", "GET /search", 4.0),
    "social.read": ("social", "GET /social/posts/{post_id}", 2.0),
}
ORDERS_PER_SECOND = 5.0
EXPRESS_SHARE = 0.4
"""express customers are 12 % of all and place 40 % of the orders"""


class Load:
    """Customers who browse, search, read and buy."""

    def __init__(
        self, *, rng: random.Random, counters: Counters, logs: Logs, throttles: Throttles, checkout: Checkout
    ) -> None:
        self._rng, self._counters, self._logs = rng, counters, logs
        self._throttles, self._checkout = throttles, checkout

    def step(self, at: float, seconds: float) -> None:
        """Send the requests of a moment."""
        for name, (component, endpoint, rate) in RATES.items():
            if self._rng.random() < rate * seconds:
                self.browse(name, component, endpoint, at)
        if self._rng.random() < ORDERS_PER_SECOND * seconds:
            self._checkout.place(self._order(), at)

    def browse(self, name: str, component: str, endpoint: str, at: float) -> int:
        """Serve one page view: 200, 429 over the limit, or rarely 503."""
        if not self._throttles.admits(name, at):
            status = 429
        elif self._rng.random() < 0.001:
            status = 503
            self._logs.write(
                LogLine(
                    at=at,
                    level="error",
                    component=component,
                    message="read replica did not answer in 1 s",
                    trace_id=f"{self._rng.getrandbits(64):016x}",
                )
            )
        else:
            status = 200
        key = Key(component=component, endpoint=endpoint)
        self._counters.record(at, key, status=status, latency_ms=self._rng.uniform(8, 60))
        return status

    def _order(self) -> Order:
        hundred = self._rng.randrange(CUSTOMERS // 100) * 100
        express = self._rng.random() < EXPRESS_SHARE
        within = self._rng.randrange(EXPRESS_PERCENT) if express else self._rng.randrange(EXPRESS_PERCENT, 100)
        return Order(customer=hundred + within, items=self._rng.choice((1, 2, 2, 3)))
