"""Statements that go to SQLite's driver as they are: the same rows, the same errors, the same transaction."""

import pytest
import sqlalchemy as sa

from storage import tasks
from storage.db import Database
from storage.errors import LOST_DATABASE
from storage.plain import Plain
from storage.records import TaskState
from storage.tables import audit_heads
from tests.builders import a_new_task

ADD = Plain(audit_heads.insert(), ("tenant", "seq", "hash"))
LOOK = Plain(
    sa.select(audit_heads.c.seq, audit_heads.c.hash).where(audit_heads.c.tenant == sa.bindparam("of")), ("of",)
)


async def test_rows_come_as_tuples(db: Database) -> None:
    async with db.write() as tx:
        assert not await ADD.run(tx, {"tenant": "T1", "seq": 2**40, "hash": "ü'\"?"})
        assert await LOOK.run(tx, {"of": "T1"}) == [(2**40, "ü'\"?")]
        assert await LOOK.run(tx, {"of": "T2"}) == []


async def test_what_fails_says_so_as_every_statement_does_and_takes_all_back(db: Database) -> None:
    """Callers ask again when the database is lost; a driver's own error would end them."""
    with pytest.raises(LOST_DATABASE, match=r"(?i)unique"):
        async with db.write() as tx:
            await ADD.run(tx, {"tenant": "T1", "seq": 1, "hash": "x"})
            await ADD.run(tx, {"tenant": "T1", "seq": 2, "hash": "y"})
    async with db.read() as tx:
        assert await LOOK.run(tx, {"of": "T1"}) == []


async def test_a_forgotten_value_is_a_bug(db: Database) -> None:
    with pytest.raises((KeyError, sa.exc.StatementError)):
        async with db.write() as tx:
            await LOOK.run(tx, {})


async def test_a_moved_task_is_as_one_that_was_read(db: Database) -> None:
    """A move's row does not pass through SQLAlchemy, which would turn numbers into yes and no."""
    async with db.write() as tx:
        made = await tasks.create(tx, a_new_task(dry_run=True))
        moved = await tasks.move(tx, made, TaskState.RUNNING, keep=True, stop_requested=True, reason="why")
        assert moved == await tasks.get(tx, made.tenant, made.id)
        assert (moved.dry_run, moved.stop_requested, moved.state) == (True, True, TaskState.RUNNING)
        assert type(moved.stop_requested) is bool
