"""Fires saved schedules: the run is booked and `next_at` moved in one transaction, so it fires once across replicas.

APScheduler runs the tick; its own job store is not used, because it fires more than once with several replicas.
"""

import logging
from dataclasses import dataclass
from typing import assert_never

import sqlalchemy as sa
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.schedules import runs, windows
from bot.schedules.cadence import BadSchedule, cadence_of
from bot.schedules.definition import Definitions, subject_of
from bot.schedules.runs import Runs
from storage import audit, inbox, posts, rollouts, schedule_runs, schedules
from storage.db import Database, Tx
from storage.records import JsonObject, PostKind, Schedule, ScheduleKind
from storage.rollouts import NotProven, Stage

log = logging.getLogger(__name__)
TICK = 1.0
"""seconds between looks at the table"""
GRACE = {ScheduleKind.DIGEST: 12 * 3600.0, ScheduleKind.AUTONOMY: 48 * 3600.0, ScheduleKind.REQUEST: 600.0}
"""seconds a firing may be late. A digest is worth reading hours later; an act belongs to its time."""


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """Looks at the clock. Any number of replicas may run one."""

    db: Database
    definition_of: Definitions
    runs: Runs

    def start(self) -> AsyncIOScheduler:
        """Tick in this process until `shutdown`. A tick that cannot reach the database is simply late."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        scheduler.add_job(self._tick, "interval", seconds=TICK, max_instances=1, coalesce=True, misfire_grace_time=None)
        scheduler.start()
        return scheduler

    async def _tick(self) -> None:
        try:
            await fire_due(self.db, self.definition_of)
            await self.runs.go_on()
        except (sa.exc.DBAPIError, OSError) as error:
            log.warning("the schedules could not be read; trying again", extra={"why": type(error).__name__})


async def fire_due(db: Database, definition_of: Definitions, *, at: float | None = None) -> int:
    """Deal with every schedule whose time has come, once; how many there were. `at`: another clock than the database's.

    Of many times missed while all were down, the newest counts when it is within its grace; else none does.
    """
    async with db.write() as tx:
        now = await tx.time() if at is None else at
        due = await schedules.due(tx, now)
        for schedule in due:
            await _deal_with(tx, schedule, definition_of, now)
    return len(due)


async def _deal_with(tx: Tx, schedule: Schedule, definition_of: Definitions, now: float) -> None:
    cadence = cadence_of(schedule)
    try:
        planned = cadence.newest(schedule.next_at, now, GRACE[schedule.kind])
        following = cadence.after(schedule.next_at, now)
    except BadSchedule as error:  # it could once: by an older version, or with another list of time zones
        await runs.pause(tx, schedule, f"it cannot be planned any more: {error}")
        return
    body: JsonObject = {"schedule": schedule.id, "kind": schedule.kind, "planned": planned or schedule.next_at}
    if planned is None:
        await schedules.change(tx, schedule, next_at=following)
        await audit.append(tx, schedule.tenant, "ops.schedule.missed", body={**body, "late": now - schedule.next_at})
        return
    await schedules.change(tx, schedule, next_at=following, last_at=planned)
    if not await inbox.first_time(tx, schedule.tenant, f"schedule:{schedule.id}@{planned:.0f}", "schedule"):
        return
    match schedule.kind:
        case ScheduleKind.DIGEST | ScheduleKind.AUTONOMY:
            await audit.append(tx, schedule.tenant, "ops.schedule.fired", body=body)
            await want_digest(tx, schedule, until=planned, subject=f"{schedule.id}@{planned:.0f}")
        case ScheduleKind.REQUEST:
            await _act(tx, schedule, await definition_of(tx, schedule), planned, body)
        case _:
            assert_never(schedule.kind)


async def _act(tx: Tx, schedule: Schedule, definition: str, planned: float, body: JsonObject) -> None:
    """Begin an unattended run, when what it would do is proven and the run before has ended."""
    try:
        await rollouts.require(tx, schedule.tenant, subject_of(schedule.id), definition, Stage.UNATTENDED)
    except NotProven as error:
        await runs.pause(
            tx, schedule, f"what it would do is not proven any more: a clean {error.need_words} comes first"
        )
        return
    run = await schedule_runs.begin(
        tx, schedule, definition=definition, stage=Stage.UNATTENDED, planned_at=planned, text=runs.text_of(schedule)
    )
    if run is None:
        why = "the run before has not ended"
        await audit.append(tx, schedule.tenant, "ops.schedule.skipped", body={**body, "why": why})
        return
    await audit.append(tx, schedule.tenant, "ops.schedule.fired", body={**body, "run": run.id})
    await runs.announce(tx, run)


async def want_digest(tx: Tx, schedule: Schedule, *, until: float, subject: str) -> None:
    """Ask that this schedule's digest of the time up to `until` be posted, once under this subject."""
    if schedule.kind is ScheduleKind.AUTONOMY:
        since = windows.week_before(until, schedule.tz)
    else:
        since = windows.since_last(schedule.last_at, until)
    await post_digest(
        tx,
        schedule.tenant,
        schedule.channel,
        subject=subject,
        body={"kind": schedule.kind, "since": since, "until": until, "tz": schedule.tz},
    )


async def post_digest(tx: Tx, tenant: str, channel: str, *, subject: str, body: JsonObject) -> None:
    """Ask that a digest be posted in this channel, once under this subject."""
    await posts.want(tx, tenant=tenant, kind=PostKind.DIGEST, subject=f"digest:{subject}", channel=channel, body=body)
