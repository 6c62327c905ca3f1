"""Brings a database to the schema of this version, and says whether it is there."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.db import Database
from storage.errors import SchemaBehind


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The schema revision this version needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


async def migrate(db: Database, target: str = "head") -> None:
    """Run every migration up to `target`; replicas that start together queue on a lock."""
    async with db.writer.begin() as conn:
        if db.is_postgres:
            await conn.execute(sa.text("select pg_advisory_xact_lock(7320)"))
        await conn.run_sync(lambda sync: command.upgrade(_config(sync), target))


async def current(db: Database) -> str | None:
    """The schema revision the database is at, or None when it is empty."""
    async with db.writer.connect() as conn:
        return await conn.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def require_current(db: Database) -> None:
    """Pass when the schema is the one this version needs.

    Raises:
        SchemaBehind: it is not; the message says to run the migration.
    """
    have, need = await current(db), head()
    if have != need:
        raise SchemaBehind(have, need)
