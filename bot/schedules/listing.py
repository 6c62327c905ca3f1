"""Schedules as people read them."""

from dataclasses import dataclass

from bot.schedules import runs
from bot.schedules.definition import Definitions, subject_of
from storage import rollouts, schedules
from storage.db import Database
from storage.records import Schedule, ScheduleKind
from storage.rollouts import NotProven, Stage


@dataclass(frozen=True, kw_only=True)
class ScheduleLine:
    """One row: what it does, when, and what must come before it may run alone."""

    id: str
    kind: ScheduleKind
    text: str
    when: str
    """what people typed: five cron fields, or "every 30 min" """
    tz: str
    channel: str
    owner: str
    enabled: bool
    next_at: float
    need: Stage | None = None
    """the run that is missing before it may be started; None when nothing is"""


async def lines(db: Database, definition_of: Definitions, tenant: str) -> list[ScheduleLine]:
    """All schedules of a tenant."""
    async with db.read() as tx:
        found = await schedules.of_tenant(tx, tenant)
        out = []
        for schedule in found:
            need = None
            if schedule.kind is ScheduleKind.REQUEST:
                try:
                    subject = subject_of(schedule.id)
                    now = await definition_of(tx, schedule)
                    await rollouts.require(tx, tenant, subject, now, Stage.UNATTENDED)
                except NotProven as error:
                    need = error.need
            out.append(line_of(schedule, need))
    return out


def line_of(schedule: Schedule, need: Stage | None = None) -> ScheduleLine:
    """The row of one schedule."""
    return ScheduleLine(
        id=schedule.id,
        kind=schedule.kind,
        text=runs.text_of(schedule),
        when=schedule.cron if schedule.every_seconds is None else spelled(schedule.every_seconds),
        tz=schedule.tz,
        channel=schedule.channel,
        owner=schedule.owner,
        enabled=schedule.enabled,
        next_at=schedule.next_at,
        need=need,
    )


def spelled(seconds: float) -> str:
    """An interval as it is typed."""
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % length == 0:
            return f"every {seconds // length:.0f} {unit}"
    return f"every {seconds / 60:g} min"
