"""Migrating: what is cheap at every start says the same as Alembic, which is not asked at every start."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from storage.db import Database
from storage.errors import SchemaAhead, SchemaBehind
from storage.migrate import MIGRATIONS, current, head, migrate, require_current
from storage.tables import metadata


def test_the_newest_file_is_what_alembic_calls_head() -> None:
    """The file names are read instead of Alembic's graph; a branch or a misnamed file would make them differ."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == head()


async def test_a_migrated_database_is_current(db: Database) -> None:
    await require_current(db)
    assert await current(db) == head()


async def test_an_empty_database_is_behind(database_url: str) -> None:
    """It has no version at all, and asking creates nothing."""
    database = Database(database_url)
    try:
        assert await current(database) is None
        with pytest.raises(SchemaBehind, match="run 'autopilot migrate'"):
            await require_current(database)
    finally:
        await database.close()


async def test_what_a_newer_version_made_is_left_alone(db: Database) -> None:
    """After a rollback of the program: one sentence, and neither a migration nor a write."""
    async with db.write() as tx:
        await tx.run(sa.text("update alembic_version set version_num = '9999'"))
    for ask in (require_current, migrate):
        with pytest.raises(SchemaAhead, match="run the newer version again"):
            await ask(db)
    assert await current(db) == "9999"


async def test_a_current_database_is_opened_without_alembic(tmp_path: Path) -> None:
    """Alembic costs every start a third of a second."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    database = Database(url)
    await migrate(database)
    await database.close()
    script = (
        "import asyncio, sys\n"
        "from storage.db import Database\n"
        "from storage.migrate import migrate\n"
        "async def main():\n"
        f"    db = Database({url!r})\n"
        "    await migrate(db)\n"
        "    await db.close()\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'alembic'])\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)  # noqa: ASYNC221
    assert done.stdout.strip() == "[]"


@pytest.mark.postgres
async def test_every_table_is_protected_from_its_owner_too(owned_postgres_url: str) -> None:
    """Whichever migration made it. A table without a tenant must say whose its rows are: storage/row_security.py."""
    database = Database(owned_postgres_url)
    await migrate(database)
    async with database.read() as tx:
        rows = await tx.run(
            sa.text("select relname from pg_class where relrowsecurity and relforcerowsecurity and relkind = 'r'")
        )
        assert {row.relname for row in rows} == set(metadata.tables)
    await database.close()
