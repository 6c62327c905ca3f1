"""Engine and transactions. Everything that changes goes through `Database.write`, one transaction a move."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from storage.clock import now
from storage.plain import Plain
from storage.precedence import Precedence
from storage.row_security import EVERYTHING
from storage.sqlite import LocalConnection, Sqlite

Link = tuple[str, str, str, str, str]
"""an audit entry to be: tenant, event, task id, correlation id, body as canonical text"""

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from storage.postgres import ServerConnection

CHANNEL = "autopilot"
"""the NOTIFY channel that replicas listen on"""
_TIME = Plain(sa.select(now()), ())
NOBODY = ""
_within: ContextVar[str] = ContextVar("tenant", default=NOBODY)


@contextmanager
def within(tenant: str) -> Iterator[None]:
    """Transactions begun inside, by whatever is called, see this tenant's rows only: one task's, one request's.

    Raises:
        ValueError: that is no tenant; this way only ever narrows.
    """
    if tenant in (NOBODY, EVERYTHING):
        raise ValueError(f"{tenant!r} is no tenant")
    token = _within.set(tenant)
    try:
        yield
    finally:
        _within.reset(token)


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

    conn: "ServerConnection | LocalConnection"
    hints: set[str] = field(default_factory=set)
    rouses: set[str] = field(default_factory=set)
    at_end: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """what is written last, right before the commit: rows that many transactions want must be locked shortest"""

    links: list[Link] = field(default_factory=list)
    """what `audit.append` was told in this transaction"""

    def hint(self, topic: str) -> None:
        self.hints.add(topic)

    def rouse(self, topic: str) -> None:
        """As `hint`, on this replica only: for what each can do as well, and too often for the database to tell all."""
        self.rouses.add(topic)

    async def run(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        return await self.conn.execute(statement, parameters)

    async def time(self) -> float:
        """The database's clock, seconds since the epoch."""
        [(at,)] = await _TIME.run(self, {})
        return float(at)


class Database:
    """SQLite or PostgreSQL by URL."""

    def __init__(self, url: str, *, pool_size: int = 20, sees: str = NOBODY) -> None:
        self.url: URL = make_url(url)
        self.sees = sees
        """whose rows PostgreSQL shows where `within` says nothing: a tenant, EVERYTHING, or nobody's"""
        self.wakes = Wakes()
        self.precedence = Precedence()
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self._ours: set[int] = set()
        """the process ids of our connections on the server"""
        self._engine: AsyncEngine | None = None
        self._sqlite: Sqlite | None = None
        if self.is_postgres:
            from storage import pool  # an SQLite bot does without

            self._engine = pool.engine(self.url, pool_size=pool_size, ours=self._ours)
        else:
            self._sqlite = Sqlite(self.url)

    @property
    def engine(self) -> "AsyncEngine":
        """PostgreSQL's; there is none for SQLite."""
        assert self._engine is not None
        return self._engine

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """One transaction: committed when the block ends, rolled back when it raises; hints ring after the commit."""
        async with self._connection(write=True) as conn:
            try:
                tx = Tx(conn)
                yield tx
                for write in tx.at_end:
                    await write()
                await conn.commit(CHANNEL, tx.hints)  # PostgreSQL tells every replica
            except BaseException:
                await conn.rollback()
                raise
        for topic in tx.hints | tx.rouses:
            self.wakes.ring(topic)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A consistent read; writing here is refused by SQLite and rolled back by PostgreSQL."""
        async with self._connection(write=False) as conn:
            try:
                yield Tx(conn)
            finally:
                await conn.rollback()

    @asynccontextmanager
    async def _connection(self, *, write: bool) -> AsyncIterator["ServerConnection | LocalConnection"]:
        async with self.precedence.turn():
            if self._sqlite is None:
                async with self._server() as server:
                    yield server
                return
            local = await (self._sqlite.writer() if write else self._sqlite.reader())
            try:
                yield local
            finally:
                local.close()

    @asynccontextmanager
    async def _server(self) -> "AsyncIterator[ServerConnection]":
        from storage import postgres

        server = await postgres.opened(self.engine)
        try:
            await server.begin(_within.get() or self.sees)
            yield server
        finally:
            await postgres.closed(server)

    async def listen(self) -> None:
        """Pass PostgreSQL's notifications on to `wakes` until cancelled or the connection breaks."""
        async with self.engine.connect() as conn:
            raw = (await conn.get_raw_connection()).driver_connection
            assert raw is not None
            broken = asyncio.Event()
            raw.add_termination_listener(lambda *_: broken.set())
            await raw.add_listener(CHANNEL, self._heard)
            try:
                await broken.wait()
            finally:
                if not raw.is_closed():
                    await raw.reset()

    async def overwrite_what_goes(self) -> None:
        """From now on SQLite writes zeros over what this process deletes; PostgreSQL vacuums its own way."""
        if self._sqlite is not None:
            async with self.write() as tx:
                await tx.run(sa.text("PRAGMA secure_delete=ON"))

    def _heard(self, _conn: object, pid: int, _channel: str, topic: str) -> None:
        if pid not in self._ours:  # what we said ourselves rang when it was committed
            self.wakes.ring(topic)

    def empty_log(self) -> None:
        """Empty SQLite's write-ahead log, where what was deleted still stands; as far as readers let it, right now."""
        if self._sqlite is not None and self.url.database:
            log = sqlite3.connect(self.url.database, timeout=5)
            with contextlib.closing(log):
                log.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.close()
        else:
            await self.engine.dispose()

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)})"
