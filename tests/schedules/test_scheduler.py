import asyncio
import datetime as dt

import pytest
import sqlalchemy as sa

from bot.schedules.scheduler import BadSchedule, fire_due, next_time
from storage import audit, schedules
from storage.db import Database
from storage.migrate import migrate
from storage.tables import posts
from tests.builders import TENANT


def _at(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("cron", "tz", "after", "planned"),
    [
        ("0 9 * * *", "UTC", "2026-03-01T08:59:59+00:00", "2026-03-01T09:00:00+00:00"),
        ("0 9 * * *", "UTC", "2026-03-01T09:00:00+00:00", "2026-03-02T09:00:00+00:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-03-28T08:30:00+00:00", "2026-03-29T07:00:00+00:00"),  # clocks go forward
        ("0 9 * * *", "Europe/Berlin", "2026-10-24T12:00:00+00:00", "2026-10-25T08:00:00+00:00"),  # and back
        ("0 9 * * mon-fri", "America/New_York", "2026-11-20T15:00:00+00:00", "2026-11-23T14:00:00+00:00"),
    ],
)
def test_the_next_time_is_the_zones_own_clock(cron: str, tz: str, after: str, planned: str) -> None:
    assert next_time(cron, tz, _at(after)) == _at(planned)


@pytest.mark.parametrize(
    ("cron", "tz"), [("0 25 * * *", "UTC"), ("tomorrow", "UTC"), ("0 9 * * *", "Mars/Base"), ("0 9 31 2 *", "UTC")]
)
def test_a_schedule_that_cannot_come_is_refused_by_name(cron: str, tz: str) -> None:
    with pytest.raises(BadSchedule, match=r"cron|zone|day and month"):
        next_time(cron, tz, _at("2026-11-20T00:00:00+00:00"))


async def _due(db: Database, *, seconds_ago: float) -> None:
    async with db.write() as tx:
        now = await tx.time()
        await schedules.put(
            tx, tenant=TENANT, kind="digest", cron="* * * * *", tz="UTC", channel="C0OPS", next_at=now - seconds_ago
        )


async def _digests(db: Database) -> int:
    async with db.read() as tx:
        return int((await tx.run(sa.select(sa.func.count()).select_from(posts))).scalar_one())


async def test_replicas_that_tick_at_once_fire_once(db: Database, database_url: str) -> None:
    """Four ticks of two processes' worth of connections on one due schedule make one digest."""
    await _due(db, seconds_ago=5)
    other = Database(database_url)
    try:
        await migrate(other)
        await asyncio.gather(*(fire_due(one) for one in (db, other, db, other)))
    finally:
        await other.close()
    assert await _digests(db) == 1
    async with db.read() as tx:
        assert [e.event for e in await audit.entries(tx, TENANT)] == ["ops.schedule.fired"]


async def test_firings_missed_while_all_were_down_become_one(db: Database) -> None:
    await _due(db, seconds_ago=3 * 86_400)
    assert await fire_due(db) == 1
    assert await fire_due(db) == 0
    assert await _digests(db) == 1
    async with db.read() as tx:
        [schedule] = await schedules.of_tenant(tx, TENANT)
        assert schedule.next_at > await tx.time()
