"""Engine and transactions. Everything that changes goes through `Database.write`, one transaction a move."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.clock import now

T = TypeVar("T")

CHANNEL = "autopilot"
"""the NOTIFY channel that replicas listen on"""


@dataclass
class Wakes:
    """One asyncio.Event a topic: a hint that there is work. A slow poll finds what a lost hint would have told."""

    events: dict[str, asyncio.Event] = field(default_factory=dict)

    def of(self, topic: str) -> asyncio.Event:
        return self.events.setdefault(topic, asyncio.Event())

    def ring(self, topic: str) -> None:
        self.of(topic).set()


@dataclass
class Tx:
    """One write transaction. `hint` rings a topic on every replica, when and only when it commits."""

    conn: AsyncConnection
    hints: set[str] = field(default_factory=set)
    at_end: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """what is written last, right before the commit: rows that many transactions want must be locked shortest"""

    def hint(self, topic: str) -> None:
        self.hints.add(topic)

    _run: Callable[[Coroutine[Any, Any, Any]], Coroutine[Any, Any, Any]] | None = None

    async def run(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        work = self.conn.execute(statement, parameters)
        if self._run is None:
            return await work
        result: sa.CursorResult[Any] = await self._run(work)
        return result

    async def time(self) -> float:
        """The database's clock, seconds since the epoch."""
        return float((await self.run(sa.select(now()))).scalar_one())


class Database:
    """SQLite or PostgreSQL by URL. SQLite has ONE writer connection (its busy handler is unfair) and WAL readers."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url: URL = make_url(url)
        self.wakes = Wakes()
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        if self.is_postgres:
            self._writer = create_async_engine(self.url, pool_size=pool_size, max_overflow=10, pool_pre_ping=True)
            self._reader = self._writer
        else:
            if self.url.database and self.url.database != ":memory:":
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._writer = create_async_engine(self.url, pool_size=1, max_overflow=0, pool_timeout=60)
            self._reader = create_async_engine(self.url, pool_size=4, max_overflow=0, pool_timeout=60)
            _prepare_sqlite(self._writer, begin="BEGIN IMMEDIATE")
            _prepare_sqlite(self._reader, begin="BEGIN")

    @property
    def writer(self) -> AsyncEngine:
        return self._writer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """One transaction: committed when the block ends, rolled back when it raises; hints ring after the commit."""
        conn = await self._end_first(self._opened())
        try:
            tx = Tx(conn, _run=self._end_first)
            yield tx
            for write in tx.at_end:
                await write()
            if self.is_postgres:
                for topic in sorted(tx.hints):  # delivered at commit, to every replica
                    await conn.execute(sa.text("select pg_notify(:c, :t)"), {"c": CHANNEL, "t": topic})
            await self._end_first(conn.commit())
        except BaseException:
            await self._end_first(conn.rollback())
            raise
        finally:
            await self._end_first(conn.close())
        for topic in tx.hints:
            self.wakes.ring(topic)

    async def _opened(self) -> AsyncConnection:
        conn = await self._writer.connect()
        try:
            await conn.begin()
        except BaseException:
            await conn.close()
            raise
        return conn

    async def _end_first(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives. On SQLite a cancelled statement would keep the one write lock until garbage collection, so
        it is let end first, and then the cancellation goes on; an opened connection nobody waits for is closed."""
        if self.is_postgres:
            return await work
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([task])
            if (
                not task.cancelled()
                and task.exception() is None
                and isinstance(opened := task.result(), AsyncConnection)
            ):
                await opened.close()
            raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A consistent read; writing here is refused by SQLite and rolled back by PostgreSQL."""
        async with self._reader.connect() as conn:
            yield Tx(conn)
            await conn.rollback()

    async def listen(self) -> None:
        """Pass PostgreSQL's notifications on to `wakes` until cancelled or the connection breaks."""
        async with self._writer.connect() as conn:
            raw = (await conn.get_raw_connection()).driver_connection
            assert raw is not None
            broken = asyncio.Event()
            raw.add_termination_listener(lambda *_: broken.set())
            await raw.add_listener(CHANNEL, lambda _c, _pid, _ch, topic: self.wakes.ring(topic))
            try:
                await broken.wait()
            finally:
                if not raw.is_closed():
                    await raw.reset()

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)})"


def _prepare_sqlite(engine: AsyncEngine, *, begin: str) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we say BEGIN ourselves
        # FULL: with NORMAL a power loss can take the very commit that says "I am about to call".
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            dbapi.execute(f"PRAGMA {pragma}")
        if begin == "BEGIN":
            dbapi.execute("PRAGMA query_only=ON")

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _begin(conn: sa.Connection) -> None:
        conn.exec_driver_sql(begin)
