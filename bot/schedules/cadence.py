"""Pure: when a schedule comes. Cron in a zone's own clock or a fixed interval; the clock is always an argument.

What a change of clocks means: a time that does not exist that night comes an hour later, one that exists twice comes
once, and a cron that runs every hour runs in every real hour.
"""

import datetime as dt
import math
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from storage.records import Schedule

LEAST, MOST = 300.0, 31 * 86_400.0
"""seconds between two firings"""
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LOOK = 12
"""firings looked at to see how close together they come"""


class BadSchedule(ValueError):
    """A cron expression, an interval or a time zone that cannot be used; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """When something comes: `cron` in `tz`, or every so many seconds."""

    cron: str = ""
    every: float | None = None
    tz: str = "UTC"

    def after(self, planned: float, now: float) -> float:
        """The first planned time after `now`; an interval counts on from the time it was planned for.

        Raises:
            BadSchedule: it never comes, or cannot be read.
        """
        if self.every is None:
            return next_time(self.cron, self.tz, now)
        return planned + self.every * (math.floor(max(0.0, now - planned) / self.every) + 1)

    def newest(self, planned: float, now: float, grace: float) -> float | None:
        """Of the times from `planned` to `now`, the last one, when it is no more than `grace` seconds ago."""
        if self.every is not None:
            last = planned + self.every * math.floor(max(0.0, now - planned) / self.every)
            return last if now - last <= grace else None
        last = planned if now - planned <= grace else next_time(self.cron, self.tz, now - grace)
        if last > now:
            return None
        while (following := next_time(self.cron, self.tz, last)) <= now:
            last = following
        return last

    def check(self, now: float) -> float:
        """The first time after `now`, once it is clear that this can be planned.

        Raises:
            BadSchedule: it cannot be read, never comes, or comes too often.
        """
        if self.every is not None:
            _zone(self.tz)
            if not LEAST <= self.every <= MOST:
                raise BadSchedule("an interval is 5 minutes to 31 days long")
            return now + self.every
        first = at = next_time(self.cron, self.tz, now)
        for _ in range(_LOOK):
            following = next_time(self.cron, self.tz, at)
            if following - at < LEAST:
                raise BadSchedule(f"{self.cron!r} comes more often than every 5 minutes; choose fewer times")
            at = following
        return first


def cadence_of(schedule: Schedule) -> Cadence:
    """When this schedule comes."""
    return Cadence(cron=schedule.cron, every=schedule.every_seconds, tz=schedule.tz)


_EVERY = re.compile(r"every\s+([0-9]{1,6})\s*(min|minutes?|h|hours?|d|days?)", re.IGNORECASE)
_UNITS = {"m": 60.0, "h": 3_600.0, "d": 86_400.0}


def typed(when: str, tz: str) -> Cadence:
    """What a person typed: "every 30 min", "every 6 h", or five cron fields. Whether it can be is `check`'s to say."""
    found = _EVERY.fullmatch(when.strip())
    if found:
        return Cadence(every=int(found[1]) * _UNITS[found[2][0].lower()], tz=tz.strip())
    return Cadence(cron=" ".join(when.split()), tz=tz.strip())


def next_time(cron: str, tz: str, after: float) -> float:
    """The first planned time after `after` (seconds since the epoch), in the zone's own clock, DST included.

    Raises:
        BadSchedule: the expression or the zone is not one.
    """
    zone = _zone(tz)
    fields = cron.split()
    try:
        if len(fields) != 5:
            raise ValueError("it has not five fields")
        if "*" not in (fields[2], fields[4]):
            raise ValueError("name days of the month or days of the week, not both")
        days = _weekdays(fields[4])
        trigger = CronTrigger.from_crontab(" ".join([*fields[:4], days]), dt.UTC)
    except ValueError as error:
        raise BadSchedule(
            f"cannot plan {cron!r}: {error}; use five cron fields, like '0 9 * * 1-5' for working days at 9:00"
        ) from None
    start = dt.datetime.fromtimestamp(after + 1e-3, dt.UTC)
    found = _each_hour(trigger, zone, start) if fields[1].startswith("*") else _by_the_clock(trigger, zone, start)
    if found is None:
        raise BadSchedule(f"{cron!r} never comes in zone {tz!r}; check day and month")
    return float(found.timestamp())


# The trigger only ever counts in days of 24 hours: asked across a change of clocks, APScheduler 3.11 leaves out the
# day after it, and fires twice in the hour that comes twice.


def _by_the_clock(trigger: CronTrigger, zone: ZoneInfo, start: dt.datetime) -> dt.datetime | None:
    """The first time at or after `start` whose clock time fits; of a time that comes twice, the first."""
    wall = start.astimezone(zone).replace(tzinfo=dt.UTC) - dt.timedelta(hours=3)  # clocks never jump further
    while (shown := trigger.get_next_fire_time(None, wall)) is not None:
        found: dt.datetime = shown.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
        if found >= start:
            return found
        wall = shown + dt.timedelta(milliseconds=1)
    return None


def _each_hour(trigger: CronTrigger, zone: ZoneInfo, start: dt.datetime) -> dt.datetime | None:
    """The first time at or after `start` that fits, in every hour that passes."""
    offset = zone.utcoffset(start.astimezone(zone)) or dt.timedelta()
    shown = trigger.get_next_fire_time(None, start + offset)
    if shown is None:
        return None
    found: dt.datetime = shown - offset
    if zone.utcoffset(found.astimezone(zone)) == offset:
        return found
    same, other = start, found
    while other - same > dt.timedelta(seconds=1):  # where between the two do clocks change?
        middle = same + (other - same) / 2
        if zone.utcoffset(middle.astimezone(zone)) == offset:
            same = middle
        else:
            other = middle
    return _each_hour(trigger, zone, other.replace(microsecond=0))


def _zone(tz: str) -> ZoneInfo:
    try:
        return ZoneInfo(tz)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise BadSchedule(f"there is no time zone {tz!r}; use an IANA name like 'Europe/Berlin'") from None


def _weekdays(field: str) -> str:
    """The days by name: cron counts from Sunday as 0 or 7, APScheduler from Monday as 0."""
    if field == "*":
        return field
    chosen: set[str] = set()
    for part in field.lower().split(","):
        days, _, step = part.partition("/")
        first, _, last = days.partition("-")
        begin, end = (0, 6) if days == "*" else (_day(first), _day(last or first))
        if last and end == 0:
            end = 7
        if end < begin or (step and (not step.isdigit() or int(step) < 1)):
            raise ValueError(f"{part!r} is no range of weekdays")
        chosen.update(_DAYS[day % 7] for day in range(begin, end + 1, int(step or 1)))
    return ",".join(sorted(chosen))


def _day(name: str) -> int:
    if name in _DAYS:
        return _DAYS.index(name)
    if name.isdigit() and int(name) <= 7:
        return int(name)
    raise ValueError(f"{name!r} is no weekday")
