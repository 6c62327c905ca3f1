"""SQLite on the event loop: a statement takes microseconds, and a trip to a thread and back takes ten times as long.

What may wait for a lock or the disk does not hold the loop: for another process's lock we ask again and again; a SELECT
that takes longer than some milliseconds is broken off and asked anew in a thread (it reads the same snapshot, so it
gives the same rows); so is COMMIT while the disk is slow. One user at a time has a connection, so no lock of our own is
needed around it; whoever is cancelled while a thread has it waits for that thread.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL

T = TypeVar("T")

MOST_ON_LOOP = 0.005
"""seconds a statement may keep the event loop"""
COMMITS_ELSEWHERE = 100
"""after a commit that took longer, so many go to a thread before the loop tries again"""
LONGEST_WAIT = 30.0
"""seconds to wait for another process's write lock"""
LOOK_EVERY = 5000
"""instructions of SQLite's machine between two looks at the clock; about a tenth of a millisecond"""


class WholeCursor(sqlite3.Cursor):
    """Fetches all rows while it executes: sqlite3 itself would step through a query later, outside the limit above."""

    def execute(self, statement: str, parameters: Any = (), /) -> "WholeCursor":
        super().execute(statement, parameters)
        self._rows = super().fetchall() if self.description else []
        self._rows.reverse()
        return self

    def fetchone(self) -> Any:
        return self._rows.pop() if self._rows else None

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return [self._rows.pop() for _ in range(min(size or 1, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows[::-1], []
        return rows


class WholeConnection(sqlite3.Connection):
    def cursor(self, factory: Any = WholeCursor) -> Any:
        return super().cursor(factory)


class LocalConnection:
    """What `Tx` asks of a connection, as SQLAlchemy's AsyncConnection has it."""

    def __init__(self, conn: sa.Connection, *, reads: bool, pace: "Pace", release: Callable[[], None]) -> None:
        self._conn = conn
        self._reads = reads
        self._pace = pace
        self._release = release
        self.dialect = conn.dialect

    async def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        """The result of one statement, its rows fetched."""
        if not self._reads and not statement.is_select:
            return self._conn.execute(statement, parameters)
        until = time.monotonic() + MOST_ON_LOOP
        self._raw.set_progress_handler(lambda: time.monotonic() > until, LOOK_EVERY)
        try:
            return self._conn.execute(statement, parameters)
        except sa.exc.OperationalError as error:
            if _code(error.orig) != sqlite3.SQLITE_INTERRUPT:
                raise
        finally:
            self._raw.set_progress_handler(None, 0)
        return await _in_thread(lambda: self._conn.execute(statement, parameters))

    async def execute_plain(self, statement: str, values: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
        """The rows of one quick statement of the driver's own kind."""
        try:
            return self._raw.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _as_theirs(error, statement) from error

    async def begin(self, statement: str) -> None:
        until = time.monotonic() + LONGEST_WAIT
        wait = 0.001
        self._conn.begin()  # for SQLAlchemy's books; it leaves the statement to us
        while True:
            try:
                self._raw.execute(statement)
            except sqlite3.Error as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise _as_theirs(error, statement) from error
            else:
                return
            await asyncio.sleep(wait)
            wait = min(2 * wait, 0.05)

    async def commit(self, _channel: str = "", _topics: Collection[str] = ()) -> None:
        """Commit. There is nobody else to tell of it."""
        if self._pace.elsewhere:
            self._pace.elsewhere -= 1
            return await _in_thread(self._conn.commit)
        began = time.monotonic()
        self._conn.commit()
        if time.monotonic() - began > MOST_ON_LOOP:
            self._pace.elsewhere = COMMITS_ELSEWHERE

    async def rollback(self) -> None:
        self._conn.rollback()
        # SQLAlchemy takes a transaction whose COMMIT failed (a full disk) for ended. SQLite does not, and would keep
        # the write lock with the connection that goes back into the pool.
        if self._raw.in_transaction:
            self._raw.rollback()

    async def run_sync(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` gives of the plain connection, on the loop: for migrations."""
        return work(self._conn)

    def close(self) -> None:
        try:
            self._conn.close()
        finally:
            self._release()

    @property
    def _raw(self) -> sqlite3.Connection:
        raw = self._conn.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        return raw


class Pace:
    """How many commits still go to a thread, because the disk was slow."""

    elsewhere = 0


class Sqlite:
    """One writer (SQLite's own busy handler is unfair, an asyncio lock is not) and as many WAL readers as ask."""

    def __init__(self, url: URL) -> None:
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        self._writer = _engine(url, pool_size=1, max_overflow=0, read_only=False)
        self._reader = _engine(url, pool_size=4, max_overflow=-1, read_only=True)
        self._writing = asyncio.Lock()
        self._pace = Pace()

    async def writer(self) -> LocalConnection:
        """The write lock of the file, held until the connection is closed."""
        await self._writing.acquire()
        try:
            opened = self._writer.connect()
        except BaseException:
            self._writing.release()
            raise
        conn = LocalConnection(opened, reads=False, pace=self._pace, release=self._writing.release)
        return await self._begun(conn, "BEGIN IMMEDIATE")

    async def reader(self) -> LocalConnection:
        """A snapshot, until the connection is closed."""
        conn = LocalConnection(self._reader.connect(), reads=True, pace=self._pace, release=lambda: None)
        return await self._begun(conn, "BEGIN")

    async def _begun(self, conn: LocalConnection, statement: str) -> LocalConnection:
        try:
            await conn.begin(statement)
        except BaseException:
            conn.close()
            raise
        return conn

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


async def _in_thread(work: Callable[[], T]) -> T:
    """What `work` gives. Cancelled meanwhile, it lets the thread end first: two must never use one connection."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        raise


def _code(error: BaseException | None) -> int:
    """SQLite's result code without its extension: https://sqlite.org/rescode.html"""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _as_theirs(error: sqlite3.Error, statement: str) -> Exception:
    """An error of the driver as SQLAlchemy would have raised it."""
    return sa.exc.DBAPIError.instance(statement, None, error, sqlite3.Error, hide_parameters=True)


def _engine(url: URL, *, pool_size: int, max_overflow: int, read_only: bool) -> sa.Engine:
    engine = sa.create_engine(
        url.set(drivername="sqlite"),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_reset_on_return=None,  # every block of `Database` ends its transaction itself
        connect_args={"check_same_thread": False, "factory": WholeConnection},
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(dbapi: sqlite3.Connection, _record: Any) -> None:
        dbapi.isolation_level = None  # we say BEGIN ourselves
        # FULL: with NORMAL a power loss can take the very commit that says "I am about to call".
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            dbapi.execute(f"PRAGMA {pragma}")  # sqlite3 waits five seconds for a file that another has alone
        # A reader waits only in rare moments of recovery, and may; a writer asks again itself, see `begin`.
        dbapi.execute("PRAGMA query_only=ON" if read_only else "PRAGMA busy_timeout=0")

    return engine
