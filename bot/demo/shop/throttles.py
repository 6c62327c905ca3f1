"""Limits on single endpoints: so many requests a second, until a time or until lifted."""

from dataclasses import dataclass

ENDPOINTS = (
    "storefront.product",
    "storefront.home",
    "search.query",
    "checkout.order",
    "checkout.retry",
    "social.read",
    "social.reply",
    "pipeline.publish",
)


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """One endpoint's limit; None means no limit."""

    per_second: int | None = None
    expires_at: float | None = None

    @property
    def words(self) -> str:
        return "no limit" if self.per_second is None else f"{self.per_second} requests/s"


NO_LIMIT = Throttle()


class Throttles:
    """Token buckets, one for each limited endpoint."""

    def __init__(self) -> None:
        self._limits: dict[str, Throttle] = {}
        self._tokens: dict[str, tuple[float, float]] = {}

    def of(self, endpoint: str) -> Throttle:
        """The limit as it stands."""
        return self._limits.get(endpoint, NO_LIMIT)

    def put(self, endpoint: str, throttle: Throttle, *, at: float) -> None:
        """Set or lift a limit."""
        self._limits[endpoint] = throttle
        self._tokens[endpoint] = (throttle.per_second or 0.0, at)

    def expire(self, at: float) -> None:
        """Lift the limits whose time has come."""
        for endpoint, limit in list(self._limits.items()):
            if limit.expires_at is not None and limit.expires_at <= at:
                del self._limits[endpoint]

    def admits(self, endpoint: str, at: float) -> bool:
        """Take a token; False means the request is refused with 429."""
        per_second = self.of(endpoint).per_second
        if per_second is None:
            return True
        tokens, then = self._tokens[endpoint]
        tokens = min(max(1.0, per_second), tokens + (at - then) * per_second)
        admitted = tokens >= 1.0
        self._tokens[endpoint] = (tokens - admitted, at)
        return admitted
