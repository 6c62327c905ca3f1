"""During an upgrade replicas of two versions share one database; after a rollback the older one is alone with it."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import posts, schedules, tasks
from storage.db import Database
from storage.migrate import MIGRATIONS, migrate
from storage.records import PostKind, ScheduleKind
from storage.tables import posts as posts_table
from storage.tables import schedules as schedules_table
from storage.tables import tasks as tasks_table
from tests.builders import TENANT, a_new_task


async def test_a_worker_leaves_tasks_of_a_source_it_does_not_know(db: Database) -> None:
    """Reading one would end its loop; a dead newer worker's it leaves to the next newer one."""
    async with db.write() as tx:
        strange, known = await tasks.create(tx, a_new_task()), await tasks.create(tx, a_new_task())
        await tx.run(tasks_table.update().where(tasks_table.c.id == strange.id).values(source="telepathy"))
        assert [task.id for task in await tasks.claim(tx, owner="a", lease=-1, limit=5)] == [known.id]
        await tx.run(tasks_table.update().values(owner="newer", lease_until=1.0))
        assert [task.id for task in await tasks.take_back(tx)] == [known.id]


async def test_an_outbox_leaves_messages_of_a_kind_it_does_not_know(db: Database) -> None:
    async with db.write() as tx:
        for subject in ("strange", "known"):
            await posts.want(tx, tenant=TENANT, kind=PostKind.NOTICE, subject=subject, channel="C0INC", body={})
        await tx.run(posts_table.update().where(posts_table.c.subject == "strange").values(kind="hologram"))
        assert [post.subject for post in await posts.claim(tx, owner="a", lease=9, limit=5)] == ["known"]
        assert await posts.showing(tx, TENANT, "strange") == []


async def test_a_scheduler_leaves_schedules_of_a_kind_it_does_not_know(db: Database) -> None:
    row: dict[str, Any] = {"tenant": TENANT, "kind": ScheduleKind.DIGEST, "cron": "0 9 * * *", "tz": "UTC"}
    async with db.write() as tx:
        for number in (1, 2):
            await schedules.add(tx, **row, channel="C0OPS", next_at=1.0, schedule_id=f"s_{number}")
        await tx.run(schedules_table.update().where(schedules_table.c.id == "s_1").values(kind="opera"))
        assert [schedule.id for schedule in await schedules.due(tx, 2.0)] == ["s_2"]


SINCE = "0021"
"""older ones are older than any version that runs beside another; each step takes a tenth of a second"""
BEFORE_THE_FIRST_RELEASE = {"0022": "evaluation_cases went into evaluations; no version that used it was published"}


async def test_no_migration_takes_anything_from_the_version_before(tmp_path: Path) -> None:
    """'autopilot migrate' runs while replicas of the version before are at work, which go on reading and inserting.

    So a migration adds tables, and columns that may be left out. What is to go, goes a version after its last use.
    """
    database = Database(f"sqlite:///{tmp_path / 'steps.db'}")  # the shape is the same on PostgreSQL
    taken: dict[str, list[str]] = {}
    before: dict[str, dict[str, Any]] = {}
    try:
        for file in sorted((MIGRATIONS / "versions").glob("[0-9]*_*.py")):
            if (revision := file.name.partition("_")[0]) < SINCE:
                continue
            await migrate(database, revision)
            async with database.read() as tx:
                after = await tx.conn.run_sync(_shape)
            if wrong := [*_taken(before, after)]:
                taken[revision] = wrong
            before = after
    finally:
        await database.close()
    assert taken.keys() == BEFORE_THE_FIRST_RELEASE.keys(), taken


def _shape(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """Table → what of it another version relies on."""
    found = sa.inspect(connection)
    return {
        table: {
            "columns": {column["name"]: column for column in found.get_columns(table)},
            "unique": {
                *(tuple(one["column_names"]) for one in found.get_unique_constraints(table)),
                *(tuple(one["column_names"]) for one in found.get_indexes(table) if one["unique"]),
            },
        }
        for table in found.get_table_names()
    }


def _taken(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    wrong = [f"{table} is gone" for table in before if table not in after]
    for table in before.keys() & after.keys():
        was, now = before[table]["columns"], after[table]["columns"]
        wrong += [f"{table}.{name} is gone" for name in was if name not in now]
        for name, column in now.items():
            needed = not column["nullable"] and column["default"] is None
            if needed and (name not in was or was[name]["nullable"] or was[name]["default"] is not None):
                wrong.append(f"{table}.{name} must be given now")
            if name in was and str(was[name]["type"]) != str(column["type"]):
                wrong.append(f"{table}.{name} is of another type")
        if after[table]["unique"] - before[table]["unique"]:
            wrong.append(f"{table} takes fewer rows than before")
    return wrong
