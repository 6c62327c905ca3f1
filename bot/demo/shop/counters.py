"""What happened in each second: requests, errors, refusals and a latency histogram, an hour back."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

KEEP_SECONDS = 3600
NOW_SECONDS = 5
"""what the API calls "now": long enough to hold some requests, short enough to fall at once when a cause is gone"""
LATENCY_BOUNDS = (25, 50, 100, 200, 400, 800, 1600, 3200)
"""milliseconds; slower falls into the last bucket"""


class Key(NamedTuple):
    """One kind of request: checkout, "POST /checkout/orders", served by the code behind a flag or not."""

    component: str
    endpoint: str
    flag: str = ""


@dataclass(slots=True)
class Cell:
    """The requests of one kind in one span of time."""

    requests: int = 0
    errors: int = 0
    refused: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS) + 1))

    def add(self, other: "Cell") -> None:
        self.requests += other.requests
        self.errors += other.errors
        self.refused += other.refused
        self.latency = [mine + theirs for mine, theirs in zip(self.latency, other.latency, strict=True)]

    @property
    def rate(self) -> float:
        """Share of requests that ended in a 5xx; 0.0 without requests."""
        return round(self.errors / self.requests, 4) if self.requests else 0.0

    @property
    def p95_ms(self) -> int:
        """Upper bound of the bucket that holds the 95th percentile; 0 without requests."""
        wanted, seen = 0.95 * sum(self.latency), 0
        for bound, count in zip((*LATENCY_BOUNDS, LATENCY_BOUNDS[-1] * 2), self.latency, strict=True):
            seen += count
            if count and seen >= wanted:
                return bound
        return 0


class Counters:
    """Per-second cells by kind, and totals since the start."""

    def __init__(self) -> None:
        self._seconds: dict[int, dict[Key, Cell]] = {}
        self.totals: dict[Key, Cell] = {}

    def record(self, at: float, key: Key, *, status: int, latency_ms: float) -> None:
        """Count one answered request."""
        second = int(at)
        if second not in self._seconds:
            self._seconds[second] = {}
            while (oldest := next(iter(self._seconds))) < second - KEEP_SECONDS:
                del self._seconds[oldest]
        bucket = bisect_left(LATENCY_BOUNDS, latency_ms)
        for cells in (self._seconds[second], self.totals):
            cell = cells.get(key)
            if cell is None:
                cell = cells[key] = Cell()
            cell.requests += 1
            cell.errors += status >= 500
            cell.refused += status == 429
            cell.latency[bucket] += 1

    def rows(self, at: float, seconds: int, component: str = "") -> Iterator[tuple[int, Key, Cell]]:
        """Every cell of the last `seconds`, the running one included."""
        for second in range(int(at) - seconds + 1, int(at) + 1):
            for key, cell in self._seconds.get(second, {}).items():
                if component in {"", key.component}:
                    yield second, key, cell

    def total(self, at: float, seconds: int, component: str = "") -> Cell:
        """The sum over the last `seconds`."""
        total = Cell()
        for _, _, cell in self.rows(at, seconds, component):
            total.add(cell)
        return total

    def requests(self, at: float, seconds: int, component: str) -> int:
        """How many there were in the last `seconds`; the load asks it for each order, so nothing else is summed."""
        return sum(cell.requests for _, _, cell in self.rows(at, seconds, component))

    def by_key(self, at: float, seconds: int, component: str = "") -> dict[Key, Cell]:
        """The sums over the last `seconds`, one for each kind of request."""
        sums: dict[Key, Cell] = {}
        for _, key, cell in self.rows(at, seconds, component):
            sums.setdefault(key, Cell()).add(cell)
        return sums


class Gauges:
    """Values sampled once a second: lag, backlog."""

    def __init__(self) -> None:
        self._values: dict[str, dict[int, float]] = {}

    def sample(self, at: float, name: str, value: float) -> None:
        """Keep the value of this second."""
        values = self._values.setdefault(name, {})
        values[int(at)] = value
        values.pop(int(at) - KEEP_SECONDS, None)

    def between(self, name: str, start: int, end: int) -> list[float]:
        """The samples of [start, end)."""
        values = self._values.get(name, {})
        return [values[second] for second in range(start, end) if second in values]
