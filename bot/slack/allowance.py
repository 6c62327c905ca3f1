"""Pure: how much of one rate limit is left. `now` is passed in."""

from collections import deque
from typing import Protocol


class Allowance(Protocol):
    """One rate limit."""

    def wait(self, now: float, *, first: bool) -> float:
        """Seconds until the next call fits; 0 means now. `first` calls may use the reserve."""
        ...

    def take(self, now: float, *, first: bool) -> None:
        """Count one call."""
        ...


class TokenBucket:
    """At most `per_minute` calls in any minute, evenly spaced after a burst.

    A full bucket plus a minute of refill is exactly the limit. Of the burst, `reserve` is kept for first calls,
    so that a busy workspace still answers a new question at once.
    """

    def __init__(self, *, per_minute: float, burst: float, reserve: float = 0.0) -> None:
        if not reserve < burst < per_minute:
            raise ValueError(f"need reserve < burst < per_minute, got {reserve!r}, {burst!r}, {per_minute!r}")
        self._burst, self._reserve = burst, reserve
        self._rate = (per_minute - burst) / 60.0
        self._tokens = burst
        self._at: float | None = None

    def wait(self, now: float, *, first: bool) -> float:
        self._refill(now)
        missing = 1.0 + (0.0 if first else self._reserve) - self._tokens
        return 0.0 if missing <= 1e-9 else missing / self._rate

    def take(self, now: float, *, first: bool) -> None:
        self._refill(now)
        self._tokens -= 1.0

    def _refill(self, now: float) -> None:
        since = 0.0 if self._at is None else max(now - self._at, 0.0)
        self._tokens = min(self._burst, self._tokens + since * self._rate)
        self._at = now


class SlidingWindow:
    """At most `limit` calls in any `seconds`, as soon as they come."""

    def __init__(self, *, limit: int, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._taken: deque[float] = deque()

    def wait(self, now: float, *, first: bool) -> float:
        while self._taken and now - self._taken[0] >= self._seconds:
            self._taken.popleft()
        return 0.0 if len(self._taken) < self._limit else self._seconds - (now - self._taken[0])

    def take(self, now: float, *, first: bool) -> None:
        self._taken.append(now)


class KeptForFirsts:
    """At most `per_minute` calls in any minute; `kept` of them are for first calls alone, which come all at once.

    All others are spaced evenly after a burst, so that none of them stalls for half a minute.
    """

    def __init__(self, *, per_minute: int, kept: int, burst: float) -> None:
        self._all = SlidingWindow(limit=per_minute, seconds=60.5)
        self._others = TokenBucket(per_minute=per_minute - kept, burst=burst)

    def wait(self, now: float, *, first: bool) -> float:
        every = self._all.wait(now, first=first)
        return every if first else max(every, self._others.wait(now, first=False))

    def take(self, now: float, *, first: bool) -> None:
        self._all.take(now, first=first)
        if not first:
            self._others.take(now, first=False)
