"""One round of one sink: each task's events in order, different tasks side by side, until the time is up.

An event that is refused holds back the later ones of its task while it is tried again. Given up on, it is parked and
they go on; events carry `sequence`, so a receiver can see that one came late. A sink that takes nothing stops every
task's line until it is due again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import assert_never

from bot.events import backoff
from bot.events.answers import Answer, Delivered, Gone, Refused, Unavailable
from bot.events.patterns import wanted
from storage.deliveries import Settlement, Tried, Waiting
from storage.records import AuditEntry
from storage.sinks import Sink

TRIES = 5
"""of one event the sink refuses"""
REFUSALS = 10
"""events parked without one delivered: then it is the sink that is wrong, for instance its secret"""
Send = Callable[[AuditEntry], Awaitable[Answer]]


@dataclass(kw_only=True)
class Round:
    """Sends what waits; afterwards `settlement()` says how far the sink has come."""

    sink: Sink
    waiting: list[Waiting]
    """unsettled entries in order"""
    upto: int
    """there is nothing else up to this entry"""
    send: Send
    chance: Callable[[], float]
    """in [0, 1)"""
    lanes: int
    until: float
    """the loop's time after which nothing more is sent"""
    settled: set[int] = field(default_factory=set)
    tried: dict[int, Tried] = field(default_factory=dict)
    delivered: int = 0
    trouble: Unavailable | None = None
    gone: bool = False
    stopped: bool = False
    refusals: int = 0

    def __post_init__(self) -> None:
        self.refusals = self.sink.refusals
        self._lines: dict[str, list[Waiting]] = {}
        for one in self.waiting:
            if wanted(one.entry.event, self.sink.patterns):
                self._lines.setdefault(one.entry.task_id, []).append(one)
            else:
                self.settled.add(one.entry.seq)

    async def run(self) -> None:
        """Send until everything is settled, waits, or may not be sent now."""
        # a sink that failed last is asked with one event first
        slots = asyncio.Semaphore(1 if self.sink.failures else self.lanes)
        async with asyncio.TaskGroup() as group:
            for line in self._lines.values():
                group.create_task(self._line(line, slots))

    def stop(self) -> None:
        """Begin nothing more."""
        self.stopped = True

    @property
    def _over(self) -> bool:
        if self.stopped or self.gone or self.trouble is not None or self.refusals >= REFUSALS:
            return True
        return asyncio.get_running_loop().time() >= self.until

    async def _line(self, line: list[Waiting], slots: asyncio.Semaphore) -> None:
        async with slots:
            for one in line:
                if one.wait > 0 or self._over or not self._take(one, await self.send(one.entry)):
                    return

    def _take(self, one: Waiting, answer: Answer) -> bool:
        """Note the answer; whether the next event of this task may follow."""
        match answer:
            case Delivered():
                self.settled.add(one.entry.seq)
                self.delivered += 1
                self.refusals = 0
                return True
            case Refused(error=error):
                tries = one.tries + 1
                given_up = tries >= TRIES
                wait = None if given_up else backoff.delay(tries, chance=self.chance())
                self.tried[one.entry.seq] = Tried(seq=one.entry.seq, tries=tries, error=error, delay=wait)
                self.refusals += given_up
                return given_up
            case Unavailable():
                if self.trouble is None or answer.asked > self.trouble.asked:
                    self.trouble = answer
                return False
            case Gone():
                self.gone = True
                return False
            case _:
                assert_never(answer)

    @property
    def parked(self) -> list[tuple[Waiting, Tried]]:
        """What was given up on in this round."""
        given_up = {seq: tried for seq, tried in self.tried.items() if tried.delay is None}
        return [(one, given_up[one.entry.seq]) for one in self.waiting if one.entry.seq in given_up]

    def settlement(self) -> Settlement:
        """What to store."""
        failures = 0 if self.trouble is None else (0 if self.delivered else self.sink.failures) + 1
        if self.trouble is None and not self.delivered and not self.tried:
            failures = self.sink.failures  # nothing was sent: nothing is known
        delay = backoff.delay(failures, chance=self.chance(), asked=self.trouble.asked) if self.trouble else 0.0
        return Settlement(
            cursor=self._cursor(),
            seen=self._seen(),
            settled=sorted(self.settled),
            tried=[self.tried[seq] for seq in sorted(self.tried)],
            failures=failures,
            refusals=self.refusals,
            delivered=self.delivered > 0,
            delay=delay,
            error=self.trouble.error if self.trouble else self._last_refusal(),
        )

    def _last_refusal(self) -> str:
        if not self.tried:
            return "" if self.delivered else self.sink.last_error
        newest = self.tried[max(self.tried)]
        return f"event {newest.seq}: {newest.error}"

    def _cursor(self) -> int:
        """Everything at or below is settled or parked."""
        given_up = {one.entry.seq for one, _ in self.parked}
        open_ones = (one.entry.seq for one in self.waiting if one.entry.seq not in self.settled | given_up)
        return min((seq for seq in open_ones if seq > self.sink.cursor), default=self.upto + 1) - 1

    def _seen(self) -> int:
        """Everything at or below is settled, or stands in line behind what is due later."""
        first = self.upto + 1
        for line in self._lines.values():
            for one in line:
                seq = one.entry.seq
                tried = self.tried.get(seq)
                if seq in self.settled or (tried is not None and tried.delay is None):
                    continue
                if tried is None and one.wait <= 0 and seq > self.sink.cursor:
                    first = min(first, seq)
                break
        return first - 1
