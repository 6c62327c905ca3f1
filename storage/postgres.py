"""One connection to PostgreSQL for one transaction: begun and ended by us, each in one round trip.

A round trip costs more than most statements: the driver's BEGIN, the tenant and then the work are three, and a NOTIFY
before the COMMIT is another. The tenant is set for the transaction only, so that a pooled connection remembers nobody.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any, NoReturn, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.row_security import SETTING

T = TypeVar("T")

MOST_IDLE = 10.0
"""seconds without a word inside a transaction, after which PostgreSQL ends it: a process that froze there would keep
its locks, and every other replica would wait for it. Below a lease, so that takeovers do not take longer"""


class ServerConnection:
    """What `Tx` asks of a connection, as SQLAlchemy's AsyncConnection has it."""

    def __init__(self, conn: AsyncConnection, driver: Any) -> None:
        self._conn = conn
        self._driver = driver
        self.dialect = conn.dialect

    async def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        """The result of one statement, its rows fetched."""
        return await self._conn.execute(statement, parameters)

    async def execute_plain(self, statement: str, values: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
        """The rows of one quick statement of the driver's own kind."""
        try:
            return list(await self._driver.fetch(statement, *values))
        except Exception as error:
            self._raise_as_theirs(error, statement)

    async def begin(self, tenant: str) -> None:
        limit = f"set_config('idle_in_transaction_session_timeout', '{MOST_IDLE * 1000:.0f}', true)"
        try:
            await self._say(f"begin; select set_config('{SETTING}', {_quoted(tenant)}, true), {limit}")
        except BaseException:  # broken off: nobody knows whether the server has begun, the pool least of all
            self._driver.terminate()
            raise

    async def commit(self, channel: str = "", topics: Collection[str] = ()) -> None:
        """Commit, and with it tell every listener of `channel` each of these topics."""
        tell = "".join(f"select pg_notify({_quoted(channel)}, {_quoted(topic)}); " for topic in sorted(topics))
        if await self._say(f"{tell}commit") != "COMMIT":  # of a transaction that failed PostgreSQL says ROLLBACK
            raise sa.exc.InvalidRequestError("the transaction had failed before; nothing of it was kept")

    async def rollback(self) -> None:
        """End it; a connection on which that cannot be done goes no further."""
        try:
            if not self._driver.is_closed():
                await self._say("rollback")
        except BaseException:
            self._driver.terminate()
            raise

    async def run_sync(self, work: Callable[..., T]) -> T:
        """What `work` gives of the plain connection: for migrations."""
        return await self._conn.run_sync(work)

    async def _say(self, script: str) -> str:
        try:
            return str(await self._driver.execute(script))
        except Exception as error:
            self._raise_as_theirs(error, script)

    def _raise_as_theirs(self, error: Exception, statement: str) -> NoReturn:
        """Raise an error of the driver as SQLAlchemy would have; others as they are."""
        dbapi: Any = self.dialect.dbapi
        for kind in type(error).__mro__:
            if (theirs := dbapi._asyncpg_error_translate.get(kind)) is not None:
                said = theirs(f"{type(error).__name__}: {error}", error)
                raise sa.exc.DBAPIError.instance(statement, None, said, dbapi.Error, hide_parameters=True) from error
        raise error


async def opened(engine: AsyncEngine) -> ServerConnection:
    """A connection of the pool, nothing begun on it."""
    conn = await engine.connect()
    try:
        raw = await conn.get_raw_connection()
        return ServerConnection(conn, raw.driver_connection)
    except BaseException:
        await conn.close()
        raise


async def closed(conn: ServerConnection) -> None:
    """Give it back. One whose transaction could not be ended is not used again."""
    await asyncio.shield(conn._conn.close())


def _quoted(text: str) -> str:
    """A literal: these scripts take no parameters, and `standard_conforming_strings` is PostgreSQL's default."""
    if "\0" in text or "\\" in text:
        raise ValueError(f"{text!r} cannot stand in a script")
    return "'" + text.replace("'", "''") + "'"
