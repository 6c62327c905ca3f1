"""Pure: which stretch of time a digest is about. A week and a day are a calendar's, not so many seconds."""

import datetime as dt
from zoneinfo import ZoneInfo

DAY = 86_400.0
LONGEST = 7 * DAY


def since_last(last: float | None, until: float) -> float:
    """From the digest before, so that a Monday's tells of the weekend; at most a week, and a day for the first one."""
    return until - DAY if last is None or last >= until else max(last, until - LONGEST)


def week_before(until: float, tz: str) -> float:
    """The same time on the clock seven days before."""
    return (dt.datetime.fromtimestamp(until, ZoneInfo(tz)) - dt.timedelta(days=7)).timestamp()


def days(since: float, until: float, tz: str) -> tuple[dt.date, ...]:
    """The days of the zone that the stretch touches, in order."""
    zone = ZoneInfo(tz)
    first = dt.datetime.fromtimestamp(since, zone).date()
    last = dt.datetime.fromtimestamp(max(since, until - 1), zone).date()
    return tuple(first + dt.timedelta(days=n) for n in range((last - first).days + 1))


def day_of(at: float, tz: str) -> dt.date:
    """The day a moment falls on there."""
    return dt.datetime.fromtimestamp(at, ZoneInfo(tz)).date()
