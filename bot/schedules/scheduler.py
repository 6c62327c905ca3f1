"""Fires saved schedules: the run is booked and `next_at` moved in one transaction, so it fires once across replicas.

APScheduler gives the triggers (cron, time zones, DST) and runs the tick; its own job store is not used, because it
fires more than once with several replicas.
"""

import datetime as dt
import logging
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from storage import audit, inbox, posts, schedules
from storage.db import Database, Tx
from storage.records import PostKind, Schedule

log = logging.getLogger(__name__)
TICK = 1.0
"""seconds between looks at the table"""
DAY = 86_400.0


class BadSchedule(ValueError):
    """A cron expression or a time zone that cannot be used; the message says which and why."""


def next_time(cron: str, tz: str, after: float) -> float:
    """The first planned time after `after` (seconds since the epoch), in the zone's own clock, DST included.

    Raises:
        BadSchedule: the expression or the zone is not one.
    """
    try:
        trigger = CronTrigger.from_crontab(cron, ZoneInfo(tz))
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise BadSchedule(
            f"cannot plan {cron!r} in zone {tz!r}: {error}; use five cron fields and an IANA zone"
        ) from None
    found = trigger.get_next_fire_time(None, dt.datetime.fromtimestamp(after + 1e-3, dt.UTC))
    if found is None:
        raise BadSchedule(f"{cron!r} never comes in zone {tz!r}; check day and month")
    return float(found.timestamp())


async def fire_due(db: Database) -> int:
    """Fire every schedule whose time has come, once; firings missed while all were down become one."""
    async with db.write() as tx:
        now = await tx.time()
        due = await schedules.due(tx)
        for schedule in due:
            await _fire(tx, schedule, now)
            await schedules.advance(tx, schedule, next_time(schedule.cron, schedule.tz, now))
    return len(due)


async def _fire(tx: Tx, schedule: Schedule, now: float) -> None:
    key = f"{schedule.id}@{schedule.next_at:.0f}"
    if not await inbox.first_time(tx, schedule.tenant, f"schedule:{key}", "schedule"):
        return
    await audit.append(
        tx, schedule.tenant, "ops.schedule.fired", body={"schedule": schedule.id, "planned": schedule.next_at}
    )
    if schedule.kind == "digest":
        await want_digest(tx, schedule.tenant, schedule.channel, subject=key, since=now - DAY, until=now)


async def want_digest(tx: Tx, tenant: str, channel: str, *, subject: str, since: float, until: float) -> None:
    """Ask that the digest of this window be posted, once under this subject."""
    await posts.want(
        tx,
        tenant=tenant,
        kind=PostKind.DIGEST,
        subject=f"digest:{subject}",
        channel=channel,
        body={"since": since, "until": until},
    )


def start(db: Database) -> AsyncIOScheduler:
    """Tick in this process until `shutdown`. A tick that cannot reach the database is simply late."""

    async def tick() -> None:
        try:
            await fire_due(db)
        except (sa.exc.DBAPIError, OSError) as error:
            log.warning("the schedules could not be read; trying again", extra={"why": type(error).__name__})

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(tick, "interval", seconds=TICK, max_instances=1, coalesce=True, misfire_grace_time=None)
    scheduler.start()
    return scheduler
