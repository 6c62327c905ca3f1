"""The operator's own connection: not the bot's role, every statement within a time, no lock waited for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tools.contract import JsonObject, ToolFailed

CONNECT_SECONDS = 5.0
READ_SECONDS = 8
CHANGE_SECONDS = 20
"""for one statement of a change; below the 25 s a tool may take at all"""
LOCK_SECONDS = 2
"""a change that waits longer for a lock makes everybody queue behind it"""
BOUNDED = "select current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')"
"""as the server has it: a pooler may drop what a connection asks for at its start"""


Value = str | int | float | datetime | list[str] | None


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One database, as the operator's role sees it."""

    url: str = field(repr=False)

    @asynccontextmanager
    async def looking(self, database: str | None = None) -> AsyncIterator["Session"]:
        """A session in which nothing can be changed; `database`: another one of the server.

        Raises:
            ToolFailed: the database cannot be reached, or refuses; nothing happened.
        """
        async with self._session(READ_SECONDS, LOCK_SECONDS, read_only=True, database=database) as session:
            yield session

    @asynccontextmanager
    async def changing(self, seconds: int | None = None, *, patient: bool = False) -> AsyncIterator["Session"]:
        """A session for one change; `patient` ones may wait for locks all their time, because nobody waits behind them.

        Raises:
            ToolFailed: with the truth about whether something may have happened.
        """
        seconds = seconds or CHANGE_SECONDS
        lock = seconds if patient else LOCK_SECONDS
        async with self._session(seconds, lock, read_only=False) as session:
            yield session

    @asynccontextmanager
    async def _session(
        self, seconds: int, lock: int, *, read_only: bool, database: str | None = None
    ) -> AsyncIterator["Session"]:
        import asyncpg

        bounds = {
            "application_name": "ops-autopilot operator",
            "statement_timeout": f"{seconds}s",
            "lock_timeout": f"{lock}s",
            "idle_in_transaction_session_timeout": f"{seconds}s",
            "default_transaction_read_only": "on" if read_only else "off",
            # Names in our own statements mean the catalogue, whatever somebody put in the public schema.
            "search_path": "pg_catalog",
        }
        try:
            connection = await asyncpg.connect(
                self.url, timeout=CONNECT_SECONDS, server_settings=bounds, database=database
            )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            says = f"the database cannot be reached ({type(error).__name__}); nothing was sent"
            raise ToolFailed(says, effect_possible=False, reason="unreachable") from None
        try:
            if await connection.fetchval(BOUNDED) != f"{seconds}s {lock}s":
                says = "the connection does not keep its limits of time; name the server itself, no pooler before it"
                raise ToolFailed(f"{says}; nothing was sent", effect_possible=False, reason="refused")
            yield Session(connection=connection, changes=not read_only)
        finally:
            await asyncio.shield(_leave(connection))


async def _leave(connection: Any) -> None:
    try:
        await connection.close(timeout=2)
    except Exception:  # it is gone either way
        connection.terminate()


@dataclass(frozen=True, kw_only=True)
class Session:
    """Statements of ours with values of others: a value is always a parameter, never part of the text."""

    connection: Any
    """asyncpg has no types"""
    changes: bool

    async def rows(self, statement: str, *values: Value) -> list[JsonObject]:
        """What a statement gives, as JSON.

        Raises:
            ToolFailed: it failed.
        """
        return [dict(row) for row in await self._do("fetch", statement, values, changes=False)]

    async def row(self, statement: str, *values: Value) -> JsonObject | None:
        found = await self.rows(statement, *values)
        return found[0] if found else None

    async def setting(self, name: str, value: str) -> None:
        """Set one of the server's settings for this session.

        Raises:
            ToolFailed: it does not take it.
        """
        await self._do("fetch", "select set_config($1, $2, false)", (name, value), changes=False)

    async def change(self, statement: str) -> None:
        """Run one statement made of our words and quoted names.

        Raises:
            ToolFailed: it failed; `effect_possible` unless the database itself refused it before the start.
        """
        await self._do("execute", statement, (), changes=self.changes)

    async def _do(self, how: str, statement: str, values: tuple[object, ...], *, changes: bool) -> Any:
        import asyncpg

        try:
            return await getattr(self.connection, how)(statement, *values)
        except asyncpg.LockNotAvailableError:
            says = f"somebody holds a lock it needs, and it waits {LOCK_SECONDS} s at most; look at postgres.locks"
            raise ToolFailed(says, effect_possible=False, reason="refused") from None
        except asyncpg.InsufficientPrivilegeError as error:
            says = f"the operator's role may not do that: {error}"
            raise ToolFailed(says, effect_possible=False, reason="refused") from None
        except asyncpg.QueryCanceledError as error:
            says = f"it was stopped: {error}"
            raise ToolFailed(says, effect_possible=changes, reason="timeout") from None
        except asyncpg.PostgresError as error:
            lost = isinstance(error, asyncpg.PostgresConnectionError | asyncpg.AdminShutdownError)
            says = f"the database says: {error}"
            raise ToolFailed(says, effect_possible=changes and lost, reason="error") from None
        except (OSError, asyncpg.InterfaceError) as error:
            says = f"the connection broke ({type(error).__name__})"
            raise ToolFailed(says, effect_possible=changes, reason="unreachable") from None
