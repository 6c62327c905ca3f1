"""When schedules come: the zone's own clock, across both changes of clocks, however time is looked at."""

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.schedules.cadence import BadSchedule, Cadence, next_time


def at(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def local(moment: float, tz: str) -> str:
    return dt.datetime.fromtimestamp(moment, ZoneInfo(tz)).strftime("%Y-%m-%d %H:%M")


def fired(cadence: Cadence, since: float, until: float) -> list[float]:
    """All firings of a clock that jumps from each to the next."""
    out, now = [], since
    while (now := cadence.after(now, now)) <= until:
        out.append(now)
    return out


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
    assert next_time(cron, tz, at(after)) == at(planned)


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("1", "Mon"),
        ("0", "Sun"),
        ("7", "Sun"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("5-7", "Fri Sat Sun"),
        ("mon,wed", "Mon Wed"),
        ("fri-sun", "Fri Sat Sun"),
        ("*/3", "Wed Sat Sun"),
    ],
)
def test_weekdays_are_crons_own(field: str, days: str) -> None:
    """Sunday is 0 and 7. APScheduler counts from Monday: 1-5 would be Tuesday to Saturday."""
    week = fired(Cadence(cron=f"0 9 * * {field}"), at("2026-11-22T12:00:00+00:00"), at("2026-11-29T12:00:00+00:00"))
    assert [dt.datetime.fromtimestamp(t, dt.UTC).strftime("%a") for t in week] == days.split()


@pytest.mark.parametrize(
    ("cron", "tz"),
    [
        ("0 25 * * *", "UTC"),
        ("tomorrow", "UTC"),
        ("0 9 * * *", "Mars/Base"),
        ("0 9 * * *", "../etc/passwd"),
        ("0 9 31 2 *", "UTC"),
        ("0 9 * * 5-1", "UTC"),
        ("0 9 * * 8", "UTC"),
        ("0 9 1 * 1", "UTC"),
        ("* * * * *", "UTC"),
        ("0,2 9 * * *", "UTC"),
    ],
)
def test_a_schedule_that_cannot_come_is_refused_by_name(cron: str, tz: str) -> None:
    with pytest.raises(BadSchedule, match=r"cron|zone|day and month|more often"):
        Cadence(cron=cron, tz=tz).check(at("2026-11-20T00:00:00+00:00"))


@pytest.mark.parametrize("every", [0.0, 299.0, 32 * 86_400.0])
def test_an_interval_has_bounds(every: float) -> None:
    with pytest.raises(BadSchedule, match="5 minutes to 31 days"):
        Cadence(every=every).check(0.0)


CHANGES = [
    ("Europe/Berlin", "2026-03-27", "2026-03-31"),
    ("Europe/Berlin", "2026-10-23", "2026-10-27"),
    ("America/New_York", "2026-03-06", "2026-03-10"),
    ("America/New_York", "2026-10-30", "2026-11-03"),
    ("Australia/Adelaide", "2026-04-03", "2026-04-07"),  # half an hour beside the others: UTC+9:30 and +10:30
    ("Australia/Adelaide", "2026-10-02", "2026-10-06"),
    ("Australia/Lord_Howe", "2026-04-03", "2026-04-07"),  # clocks change by half an hour
    ("Australia/Lord_Howe", "2026-10-02", "2026-10-06"),
]


@pytest.mark.parametrize(("tz", "first", "last"), CHANGES)
@pytest.mark.parametrize("time", ["0 9", "30 1", "30 2", "0 0"])
def test_once_a_local_day_across_a_change_of_clocks(tz: str, first: str, last: str, time: str) -> None:
    """Also at times that exist twice that night, or not at all (then an hour later)."""
    zone = ZoneInfo(tz)
    since = dt.datetime.fromisoformat(first).replace(tzinfo=zone).timestamp() - 1
    until = dt.datetime.fromisoformat(last).replace(tzinfo=zone).timestamp() - 1
    seen = [local(moment, tz) for moment in fired(Cadence(cron=f"{time} * * *", tz=tz), since, until)]
    days = [(dt.date.fromisoformat(first) + dt.timedelta(days=n)).isoformat() for n in range(4)]
    assert [moment[:10] for moment in seen] == days
    minute, hour = (int(part) for part in time.split())
    usual = f"{hour:02}:{minute:02}"
    assert [moment[11:] for moment in seen if moment[11:] != usual] in ([], [f"{hour + 1:02}:{minute:02}"])


@pytest.mark.parametrize(("tz", "first", "last"), CHANGES)
def test_every_half_hour_is_every_real_half_hour(tz: str, first: str, last: str) -> None:
    found = fired(Cadence(cron="*/30 * * * *", tz=tz), at(f"{first}T00:00:00+00:00"), at(f"{last}T00:00:00+00:00"))
    assert {later - earlier for earlier, later in pairwise(found)} == {1800.0}


@pytest.mark.parametrize(("tz", "first", "last"), CHANGES)
def test_an_interval_knows_no_clocks(tz: str, first: str, last: str) -> None:
    found = fired(Cadence(every=3600.0, tz=tz), at(f"{first}T00:00:00+00:00"), at(f"{last}T00:00:00+00:00"))
    assert len(found) == 96


def test_many_missed_times_are_the_newest_within_the_grace() -> None:
    daily, hourly = Cadence(cron="0 9 * * *"), Cadence(every=3600.0)
    planned = at("2026-11-01T09:00:00+00:00")
    back = at("2026-11-05T10:30:00+00:00")
    assert daily.newest(planned, back, 12 * 3600) == at("2026-11-05T09:00:00+00:00")
    assert daily.newest(planned, back, 3600) is None
    assert hourly.newest(planned, back, 3600) == at("2026-11-05T10:00:00+00:00")
    assert hourly.newest(planned, back, 600) is None
    assert hourly.after(planned, back) == at("2026-11-05T11:00:00+00:00")
    assert daily.newest(planned, planned, 0) == planned
