"""Brings a database to the schema of this version, and says whether it is there.

Alembic is imported only when there is something to migrate: it takes 13 MB and a third of a second of every start.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from storage.db import Database, Tx
from storage.errors import SchemaAhead, SchemaBehind
from storage.row_security import EVERYTHING, SETTING, protect

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num"))


def head() -> str:
    """The schema revision this version needs: the newest file of migrations/versions begins with it."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


async def migrate(db: Database, target: str = "head") -> None:
    """Run every migration up to `target`; replicas that start together queue on a lock.

    Raises:
        SchemaAhead: a newer version migrated it; nothing is touched.
    """
    have = await current(db)
    if target == "head" and have == head():
        return
    _know(have)
    from alembic import command

    async with db.write() as tx:
        if db.is_postgres:
            await tx.run(sa.text("select pg_advisory_xact_lock(7320)"))
            await tx.run(sa.text(f"select set_config('{SETTING}', '{EVERYTHING}', true)"))  # rows of all may move
        await tx.conn.run_sync(lambda sync: command.upgrade(_config(sync), target))
        if db.is_postgres and target == "head":
            await _protect(tx)


async def _protect(tx: Tx) -> None:
    """Row-level security for every table that has none yet, so that no migration can forget it."""
    from storage.tables import metadata

    bare = sa.text("select relname from pg_class where relkind = 'r' and not relforcerowsecurity and relname = any(:n)")
    for row in (await tx.run(bare, {"n": list(metadata.tables)})).all():
        for statement in protect(row.relname):
            await tx.run(sa.text(statement))


async def current(db: Database) -> str | None:
    """The schema revision the database is at, or None when it is empty."""
    async with db.read() as tx:
        if not await tx.conn.run_sync(lambda sync: sa.inspect(sync).has_table(_VERSION.name)):
            return None
        found = (await tx.run(sa.select(_VERSION.c.version_num))).scalar_one_or_none()
        return str(found) if found is not None else None


async def require_current(db: Database) -> None:
    """Pass when the schema is the one this version needs.

    Raises:
        SchemaBehind: it is not; the message says to run the migration.
        SchemaAhead: a newer version migrated it.
    """
    have, need = await current(db), head()
    _know(have)
    if have != need:
        raise SchemaBehind(have, need)


def _know(have: str | None) -> None:
    """Pass when the revision is one of ours: what a newer version made of the database, we would write to blindly."""
    if have is not None and not list((MIGRATIONS / "versions").glob(f"{have}_*.py")):
        raise SchemaAhead(have, head())


async def above_row_security(db: Database) -> bool:
    """Whether the role we come as is one that PostgreSQL shows every tenant's rows, whatever is said."""
    async with db.read() as tx:
        asked = sa.text("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
        return bool((await tx.run(asked)).scalar_one())


def _config(connection: sa.Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
