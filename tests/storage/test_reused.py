"""The database that tests take one after the other is as good as new for each."""

import asyncpg
import pytest

from storage import audit
from storage.db import Database
from storage.row_security import EVERYTHING
from tests.reused import Reused

pytestmark = pytest.mark.postgres


async def _connect(reused: Reused) -> asyncpg.Connection:
    return await asyncpg.connect((await reused.fresh()).replace("+asyncpg", ""))


async def test_rows_and_sequences_are_as_new(reused_postgres: Reused) -> None:
    for _ in range(2):
        db = Database(await reused_postgres.fresh(), sees=EVERYTHING)
        async with db.write() as tx:
            assert await audit.entries(tx, "T1") == []
            await audit.append(tx, "T1", "ops.a", correlation_id="c", body={})
        async with db.read() as tx:
            assert [entry.seq for entry in await audit.entries(tx, "T1")] == [1]
        await db.close()


async def test_what_a_test_left_open_is_ended(reused_postgres: Reused) -> None:
    left = await _connect(reused_postgres)
    await left.execute("begin; lock table tasks")
    again = await _connect(reused_postgres)
    await again.execute("begin; lock table tasks nowait")
    await again.close()
    assert left.is_closed()
    left.terminate()


@pytest.mark.parametrize(
    "change",
    [
        "alter table posts add column x int",
        "alter table posts no force row level security",
        "alter table audit disable trigger user",
        "create table more (x int)",
        "alter table posts drop constraint uq_posts_tenant_kind_subject_channel",
        "update alembic_version set version_num = '0001'",
    ],
)
async def test_another_shape_is_a_new_database(reused_postgres: Reused, change: str) -> None:
    before = await reused_postgres.fresh()
    assert await reused_postgres.fresh() == before
    conn = await asyncpg.connect(before.replace("+asyncpg", ""))
    await conn.execute(change)
    await conn.close()
    assert await reused_postgres.fresh() != before
