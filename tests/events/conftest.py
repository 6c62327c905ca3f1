"""A receiver, and the short way to sinks, entries and rounds."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.events.publisher import Pace, Publisher
from policy.redaction import Redactor
from storage import audit, deliveries, sinks
from storage.clock import now
from storage.db import Database
from storage.sinks import Sink
from storage.tables import event_deliveries, event_sinks
from tests.builders import TENANT
from tests.events.receiver import SECRET, Receiver, receiving

FAST = Pace(poll=0.02, timeout=5.0)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


class Bench:
    """What these tests do to a database, in one line each."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def publisher(self, **changes: Any) -> Publisher:
        pace = replace(FAST, **changes.pop("pace", {}))
        values: dict[str, Any] = {
            "environ": {"SINK_SECRET": SECRET},
            "redactor": Redactor.default(),
            "chance": lambda: 0.5,
        }
        return Publisher(db=self.db, pace=pace, **(values | changes))

    async def sink(self, url: str, *patterns: str, **changes: Any) -> Sink:
        values: dict[str, Any] = {"tenant": TENANT, "secret_env": "SINK_SECRET", "private": False, "from_start": True}
        async with self.db.write() as tx:
            return await sinks.add(tx, url=url, patterns=patterns or ("ops.*",), **(values | changes))

    async def happened(self, *tasks: str, event: str = "ops.agent_task.created", tenant: str = TENANT) -> None:
        """One entry for each of these tasks, in this order."""
        async with self.db.write() as tx:
            for task in tasks:
                await audit.append(tx, tenant, event, task_id=task, correlation_id=f"c-{task}", body={"of": task})

    async def now(self, sink: Sink) -> Sink:
        async with self.db.read() as tx:
            return await sinks.find(tx, sink.id)

    async def record(self, tenant: str = TENANT) -> list[tuple[str, str]]:
        async with self.db.read() as tx:
            return [(entry.event, entry.body) for entry in await audit.entries(tx, tenant)]

    async def exceptions(self, sink: Sink) -> dict[int, tuple[str, int]]:
        """(state, tries) of every entry stored as an exception."""
        async with self.db.read() as tx:
            rows = await tx.run(sa.select(event_deliveries).where(event_deliveries.c.sink_id == sink.id))
            return {row.seq: (str(row.state), row.tries) for row in rows}

    async def pass_time(self, seconds: float) -> None:
        """The database's clock cannot be set, so every stored time moves back instead."""
        async with self.db.write() as tx:
            for table in (event_sinks, event_deliveries):
                times = [c for c in table.c if isinstance(c.type, sa.Double)]
                await tx.run(table.update().values({c: c - seconds for c in times}))

    async def clock(self) -> float:
        """The database's time now, unix seconds."""
        async with self.db.read() as tx:
            return float((await tx.run(sa.select(now()))).scalar_one())

    async def rounds(self, publisher: Publisher, most: int = 50) -> int:
        """Rounds of whatever is ready now, one after the other; how many there were."""
        for count in range(most):
            async with self.db.read() as tx:
                ready = await deliveries.ready(tx, 10)
            if not ready:
                return count
            for sink_id in ready:
                await publisher.round(sink_id)
        raise AssertionError(f"still something to send after {most} rounds")


@pytest.fixture
def bench(db: Database) -> Bench:
    return Bench(db)
