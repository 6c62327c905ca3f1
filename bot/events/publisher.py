"""Publishes the audit entries of every tenant to its webhook sinks: at least once, and in order per task.

It reads the record behind everybody's back: nothing that writes an entry waits for a sink, or knows that there are any.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from bot.events import egress
from bot.events.egress import OwnResolver, Resolve
from bot.events.round import REFUSALS, Round
from bot.events.webhook import Webhooks
from policy.redaction import Redactor
from storage import audit, deliveries, sinks
from storage.db import Database, Tx
from storage.deliveries import Settlement, Waiting
from storage.ids import new_id
from storage.sinks import Sink

_log = structlog.get_logger(__name__)
ABOUT_SINKS = "ops.event_sink."
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Times in seconds. A round and its last answer fit well into a lease."""

    poll: float = 1.0
    """finds what other processes wrote, and what is to be tried again"""
    gather: float = 0.05
    """entries come in bursts; after a wake so long is waited for the rest of one"""
    lease: float = 30.0
    round: float = 2.0
    """after it nothing more is sent, and what came of it is stored: a crash repeats no more than this"""
    timeout: float = 10.0
    """of one delivery"""
    lanes: int = 8
    """tasks whose events go to one sink at once"""
    sinks: int = 8
    """sinks at once, in this process"""
    read: int = 200
    """entries a round looks at"""
    patience: float = 3 * 86_400.0
    """a sink that fails for so long is paused"""
    patience_tries: int = 20
    """and at least so often: a bot that was down for days asks again first"""


@dataclass(kw_only=True)
class Publisher:
    """Sends what sinks lack. Any number of replicas may run one; each sink is served by one of them at a time."""

    db: Database
    redactor: Redactor
    environ: Mapping[str, str] = field(repr=False)
    """where the sinks' secrets are"""
    pace: Pace = field(default_factory=Pace)
    resolve: Resolve = field(default_factory=OwnResolver)
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    name: str = field(default_factory=lambda: new_id("e"))

    def __post_init__(self) -> None:
        self._stopping = asyncio.Event()
        self._rounds: dict[str, Round] = {}
        self._hooks = Webhooks(
            redactor=self.redactor,
            environ=self.environ,
            resolve=self.resolve,
            clock=self.clock,
            timeout=self.pace.timeout,
        )

    def stop(self) -> None:
        """Begin nothing more; `run` ends when what is under way is stored."""
        self._stopping.set()
        for at_work in self._rounds.values():
            at_work.stop()

    async def run(self) -> None:
        """Publish until `stop`, or until cancelled, which loses nothing: what was not stored is sent again."""
        serving: dict[str, asyncio.Task[None]] = {}
        stopping = asyncio.create_task(self._stopping.wait())
        woken = asyncio.create_task(self._woken())
        try:
            while not self._stopping.is_set():
                if woken.done():
                    woken = asyncio.create_task(self._woken())  # before the look: what comes during it rings again
                for sink_id in await self._ready(self.pace.sinks + len(serving)):
                    if sink_id not in serving and len(serving) < self.pace.sinks:
                        serving[sink_id] = asyncio.create_task(self._serve(sink_id))
                waits = [stopping, woken, *serving.values()]
                await asyncio.wait(waits, timeout=self.pace.poll, return_when=asyncio.FIRST_COMPLETED)
                serving = {sink_id: task for sink_id, task in serving.items() if not task.done()}
            await asyncio.gather(*serving.values())
        finally:
            for task in (stopping, woken, *serving.values()):
                task.cancel()
            await asyncio.gather(stopping, woken, *serving.values(), return_exceptions=True)

    async def _woken(self) -> None:
        wake = self.db.wakes.of(audit.WAKE)
        await wake.wait()
        await asyncio.sleep(self.pace.gather)
        wake.clear()

    async def _ready(self, limit: int) -> list[str]:
        try:
            return await _whole(self._look(limit))
        except (sa.exc.SQLAlchemyError, OSError) as error:
            _log.warning("the event publisher cannot reach the database; trying again", why=type(error).__name__)
            return []

    async def _look(self, limit: int) -> list[str]:
        async with self.db.read() as tx:
            return await deliveries.ready(tx, limit)

    async def _serve(self, sink_id: str) -> None:
        """One round of one sink. Whatever is wrong with it stays with it."""
        try:
            moved = await self.round(sink_id)
        except Exception as error:  # an edge: no sink and no event may end the publisher
            _log.warning("a round of an event sink failed; trying again", sink=sink_id, why=type(error).__name__)
            moved = False
        if not moved and not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.pace.poll):
                    await self._stopping.wait()

    async def round(self, sink_id: str) -> bool:
        """Claim the sink, send what it lacks for a while, store how far it has come; whether it came any further.

        Raises:
            LostRace: another publisher has it by now; what was sent may be sent again.
        """
        until = asyncio.get_running_loop().time() + self.pace.round
        sink = await _whole(self._claim(sink_id))
        if sink is None:
            return False
        waiting, upto = await _whole(self._lacks(sink))
        async with self._hooks.client(self.pace.lanes) as client:
            at_work = Round(
                sink=sink,
                waiting=waiting,
                upto=upto,
                send=lambda entry: self._hooks.send(client, sink, entry),
                chance=self.chance,
                lanes=self.pace.lanes,
                until=until,
            )
            self._rounds[sink_id] = at_work
            try:
                if self._stopping.is_set():
                    at_work.stop()
                await at_work.run()
            finally:
                del self._rounds[sink_id]
        settlement = at_work.settlement()
        await _whole(self._store(sink, at_work, settlement))
        return bool(settlement.delivered or settlement.tried or settlement.cursor > sink.cursor)

    async def _claim(self, sink_id: str) -> Sink | None:
        async with self.db.write() as tx:
            return await deliveries.claim(tx, sink_id, owner=self.name, lease=self.pace.lease)

    async def _lacks(self, sink: Sink) -> tuple[list[Waiting], int]:
        async with self.db.read() as tx:
            return await deliveries.unsettled(tx, sink, self.pace.read)

    async def _store(self, sink: Sink, came: Round, settlement: Settlement) -> None:
        async with self.db.write() as tx:
            await self._write(tx, sink, came, settlement)

    async def _write(self, tx: Tx, sink: Sink, came: Round, settlement: Settlement) -> None:
        after = await deliveries.settle(tx, sink, settlement)
        host = egress.parse(sink.url).host
        if settlement.error and settlement.error != sink.last_error:
            _log.warning("an event sink does not take events", sink=sink.id, host=host, why=settlement.error)
        for one, tried in came.parked:
            named = f"event {one.entry.seq} ({one.entry.event}): {tried.error}, {tried.tries} times"
            _log.warning("an event cannot be delivered and is parked", sink=sink.id, host=host, why=named)
            # no entry about an event about sinks: two sinks that refuse everything would feed each other for ever
            if not one.entry.event.startswith(ABOUT_SINKS):
                await sinks.note(tx, sink, "parked", host=host, why=named)
        why = self._hopeless(after, came, await tx.time())
        if why:
            await sinks.pause(tx, sink, why)
            await sinks.note(tx, sink, "paused", host=host, why=why)
            _log.error("an event sink is paused; see 'autopilot events sinks list'", sink=sink.id, host=host, why=why)

    def _hopeless(self, sink: Sink, came: Round, now: float) -> str:
        if came.gone:
            return "it answered 410: it wants no more events"
        if came.refusals >= REFUSALS:
            return f"it refused {came.refusals} events in a row; last {sink.last_error}"
        failing = now - (sink.failing_since if sink.failing_since is not None else now)
        if failing >= self.pace.patience and sink.failures >= self.pace.patience_tries:
            return f"it failed for {failing / 86_400:.1f} days; last {sink.last_error}"
        return ""


async def _whole(transaction: Coroutine[Any, Any, T]) -> T:
    """What the transaction gives; when cancelled it ends first: SQLite's lock outlives a cancelled statement."""
    task = asyncio.ensure_future(transaction)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, so that nobody warns of it
        raise
