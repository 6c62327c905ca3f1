"""PostgreSQL shows a transaction its tenant's rows only, whatever its SQL forgets; to the tables' owner as well."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from storage import audit, halts, tasks
from storage.db import Database, Tx, within
from storage.migrate import migrate
from storage.row_security import EVERYTHING
from storage.tables import metadata
from tests.builders import TENANT, a_new_task

NEXT_DOOR = "T0NEXTDOOR"
pytestmark = pytest.mark.postgres


@pytest.fixture
async def owned(owned_postgres_url: str) -> Database:
    """A migrated database with a task, as its owner, who began no transaction for anybody."""
    db = Database(owned_postgres_url)
    await migrate(db)
    with within(TENANT):
        async with db.write() as tx:
            await tasks.create(tx, a_new_task())
            await audit.append(tx, TENANT, "ops.test")
    return db


async def _counted(tx: Tx) -> dict[str, int]:
    tables = [table for table in metadata.sorted_tables if "tenant" in table.c]
    return {t.name: (await tx.run(sa.text(f"select count(*) from {t.name}"))).scalar_one() for t in tables}  # noqa: S608 - our tables


async def test_raw_sql_sees_nothing_without_a_tenant_and_nothing_of_next_door(owned: Database) -> None:
    async with owned.read() as tx:
        assert not any((await _counted(tx)).values())
    with within(NEXT_DOOR):
        async with owned.read() as tx:
            assert not any((await _counted(tx)).values())
        async with owned.write() as tx:
            changed = await tx.run(sa.text("update tasks set state = 'cancelled'"))
            assert changed.rowcount == 0
    with within(TENANT):
        async with owned.read() as tx:
            assert (await _counted(tx))["tasks"] == 1
    await owned.close()


async def test_nobody_writes_a_row_of_another_tenant(owned: Database) -> None:
    for whose in ("", NEXT_DOOR):
        owned.sees = whose
        with pytest.raises(DBAPIError, match="row-level security"):
            async with owned.write() as tx:
                await tasks.create(tx, a_new_task())
    await owned.close()


async def test_the_tenant_is_forgotten_with_the_transaction(owned: Database) -> None:
    """The next user of a pooled connection inherits nothing."""
    with within(TENANT):
        async with owned.write() as tx:
            assert (await _counted(tx))["tasks"] == 1
    async with owned.engine.connect() as conn:
        assert (await conn.execute(sa.text("select count(*) from tasks"))).scalar_one() == 0
    await owned.close()


async def test_a_halt_of_everything_is_seen_by_all_and_lifted_by_none_of_them(owned: Database) -> None:
    owned.sees = EVERYTHING
    async with owned.write() as tx:
        await halts.put(tx, EVERYTHING, who="cli:ana", reason="all stop")
    owned.sees = TENANT
    async with owned.write() as tx:
        assert await halts.standing(tx, TENANT) is not None
        assert await halts.lift(tx, EVERYTHING) is None
    async with owned.read() as tx:
        assert await halts.standing(tx, TENANT) is not None
    await owned.close()


def test_the_narrow_way_only_narrows() -> None:
    for wide in ("", EVERYTHING):
        with pytest.raises(ValueError, match="is no tenant"), within(wide):
            raise AssertionError
