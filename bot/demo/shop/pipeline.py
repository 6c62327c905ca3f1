"""Orders on their way to analytics: a queue, one consumer, and the rows it wrote."""

from collections import deque
from dataclasses import dataclass

PREFETCH = 40
"""orders the consumer takes off the queue at once; they are gone if it is restarted in the middle"""
PER_SECOND = 200.0
KEEP_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Message:
    """One order in the queue."""

    number: int
    at: float


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """A window of orders that was read again."""

    id: str
    start: float
    end: float
    rows: int


class Pipeline:
    """The queue `orders`, its consumer, and the analytics table behind it."""

    def __init__(self) -> None:
        self._orders: deque[Message] = deque()
        self._rows: set[int] = set()
        self.waiting: deque[Message] = deque()
        self.in_flight: list[Message] = []
        self.stuck_since: float | None = None
        self.generation = 1
        """how often the consumer was started"""
        self.written_at: float = 0.0
        self.restarted_at: float | None = None
        self.poisoned = False
        self.backfills: list[Backfill] = []
        self._next = 1

    def publish(self, at: float) -> None:
        """A finished order enters the queue."""
        message = Message(number=self._next, at=at)
        self._next += 1
        self._orders.append(message)
        self.waiting.append(message)

    def step(self, at: float, seconds: float) -> None:
        """Let the consumer work for a moment."""
        while self._orders and self._orders[0].at < at - KEEP_SECONDS:
            self._rows.discard(self._orders.popleft().number)
        if self.poisoned and self.stuck_since is None:
            self.stuck_since = at
        if self.stuck_since is not None:
            # It holds its batch and waits for ever; prefetching goes on until the batch is full.
            while self.waiting and len(self.in_flight) < PREFETCH:
                self.in_flight.append(self.waiting.popleft())
            return
        for _ in range(int(PER_SECOND * seconds)):
            if not self.waiting:
                break
            self._rows.add(self.waiting.popleft().number)
        self.written_at = at

    def release(self) -> None:
        """Free a stuck consumer without loss, as when the far end answers at last."""
        self._rows.update(message.number for message in self.in_flight)
        self.in_flight, self.stuck_since, self.poisoned = [], None, False

    def restart(self, at: float) -> None:
        """Start the consumer anew. What it had taken off the queue is lost until a backfill."""
        self.in_flight, self.stuck_since, self.poisoned = [], None, False
        self.generation += 1
        self.restarted_at = at

    def lag(self) -> int:
        """Orders in the queue or held by the consumer."""
        return len(self.waiting) + len(self.in_flight)

    def oldest_seconds(self, at: float) -> int:
        """Age of the oldest order that analytics has not seen and the queue still knows."""
        held = self.in_flight[:1] or list(self.waiting)[:1]
        return int(at - held[0].at) if held else 0

    def orders(self, start: float, end: float) -> list[Message]:
        """Orders taken in [start, end)."""
        return [order for order in self._orders if start <= order.at < end]

    def missing(self, start: float, end: float) -> list[Message]:
        """Orders of the window that are neither in analytics nor on their way there."""
        coming = {message.number for message in (*self.waiting, *self.in_flight)}
        return [o for o in self.orders(start, end) if o.number not in self._rows and o.number not in coming]

    def backfill(self, start: float, end: float) -> Backfill:
        """Write the missing rows of a window. Doing it again finds nothing missing."""
        missing = self.missing(start, end)
        self._rows.update(order.number for order in missing)
        done = Backfill(id=f"bf-{len(self.backfills) + 1}", start=start, end=end, rows=len(missing))
        self.backfills.append(done)
        return done
