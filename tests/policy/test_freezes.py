"""Change freezes: four ways to write a window, by the clock on the wall of its zone, and what is wrong is said."""

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from policy.autonomy import AutonomyTable
from policy.errors import PolicyError
from policy.freezes import Freeze, frozen
from policy.types import Tier

BERLIN = "Europe/Berlin"
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20261224
DTEND;VALUE=DATE:20261227
RRULE:FREQ=YEARLY
SUMMARY:Christmas
END:VEVENT
END:VCALENDAR
"""


def at(text: str, zone: str = BERLIN) -> float:
    return dt.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone)).timestamp()


def a_freeze(**written: Any) -> Freeze:
    return Freeze.model_validate({"name": "sale", "tz": BERLIN, **written})


NIGHTS = a_freeze(**{"from": "22:00", "to": "06:00", "days": ["mon"]})
DATES = a_freeze(**{"from": "2026-11-27 08:00", "to": "2026-12-01"})
WEEKENDS = a_freeze(**{"cron": "0 18 * * fri", "for": "60h"})


@pytest.mark.parametrize(
    ("window", "moment", "until"),
    [
        (NIGHTS, "2026-11-23 21:59", None),  # a Monday
        (NIGHTS, "2026-11-23 22:00", "2026-11-24 06:00"),
        (NIGHTS, "2026-11-24 05:59", "2026-11-24 06:00"),
        (NIGHTS, "2026-11-24 22:30", None),
        (DATES, "2026-11-27 07:59", None),
        (DATES, "2026-11-27 08:00", "2026-12-01 00:00"),
        (DATES, "2026-11-30 23:59", "2026-12-01 00:00"),
        (DATES, "2026-12-01 00:00", None),
        (WEEKENDS, "2026-11-27 17:59", None),
        (WEEKENDS, "2026-11-27 18:00", "2026-11-30 06:00"),
        (WEEKENDS, "2026-11-30 05:59", "2026-11-30 06:00"),
        (WEEKENDS, "2026-11-30 06:00", None),
    ],
)
def test_a_window_holds_from_its_begin_to_its_end(window: Freeze, moment: str, until: str | None) -> None:
    assert window.until(at(moment)) == (at(until) if until else None)


def test_a_calendar_s_events_are_windows_year_after_year(tmp_path: Path) -> None:
    (tmp_path / "holidays.ics").write_text(CALENDAR.replace("\n", "\r\n"))
    window = a_freeze(ics=tmp_path / "holidays.ics")
    assert window.until(at("2027-12-25 12:00")) == at("2027-12-27 00:00")
    assert window.until(at("2027-12-27 00:00")) is None


def test_a_window_is_of_its_own_zone_across_a_change_of_clocks() -> None:
    """25 October 2026: the night in Berlin has an hour more."""
    window = a_freeze(**{"from": "22:00", "to": "06:00"})
    assert window.until(at("2026-10-24 23:00")) == at("2026-10-25 06:00")
    assert at("2026-10-25 06:00") - at("2026-10-24 22:00") == 9 * 3600


def test_what_a_window_names_it_is_about_and_people_are_told_until_when() -> None:
    windows = (a_freeze(**{"from": "2026-11-27", "to": "2026-12-01", "env": "prod"}),)
    call = {"tool": "flags.set", "tier": Tier.REVERSIBLE, "channel": "C"}
    moment = at("2026-11-28 12:00")
    said = frozen(windows, moment, env="prod", **call)  # type: ignore[arg-type]
    assert said == "change freeze 'sale' until Tue 01 Dec 00:00 (Europe/Berlin)"
    assert frozen(windows, moment, env="dev", **call) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('{name: x, tz: Nowhere, from: "22:00", to: "06:00"}', r":2: freezes\[0\]\.tz: no time zone 'Nowhere'"),
        ('{name: x, tz: UTC, from: "22:00"}', "not a time of day"),
        ('{name: x, tz: UTC, from: "2026-12-02", to: "2026-12-01"}', "is not before 'to'"),
        ('{name: x, tz: UTC, from: "tomorrow", to: "2026-12-01"}', "'tomorrow' is not a moment"),
        ("{name: x, tz: UTC}", "write one window"),
        ('{name: x, tz: UTC, cron: "0 18 * * fri"}', "'cron' and 'for' belong together"),
        ('{name: x, tz: UTC, cron: "0 18 * * 5", for: 60h}', "write its days by name"),
        ('{name: x, tz: UTC, cron: "61 * * * *", for: 60h}', "is no cron expression"),
        ('{name: x, tz: UTC, cron: "0 18 * * fri", for: 60}', "60 is not a span of time"),
        ("{name: x, tz: UTC, ics: /nowhere.ics}", "'/nowhere.ics' cannot be read"),
        ('{name: x, tz: UTC, from: "22:00", to: "06:00", evn: prod}', r"freezes\[0\]\.evn: no such setting"),
    ],
)
def test_a_window_that_says_nonsense_is_refused_with_its_line(tmp_path: Path, written: str, says: str) -> None:
    (tmp_path / "autonomy.yaml").write_text(f"freezes:\n  - {written}\n")
    with pytest.raises(PolicyError, match=says) as refused:
        AutonomyTable.load(tmp_path / "autonomy.yaml")
    assert refused.value.line == 2


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "autonomy.yaml").write_text("#" * 1_000_001)
    with pytest.raises(PolicyError, match="holds 1,000,001 bytes, more than 1,000,000"):
        AutonomyTable.load(tmp_path / "autonomy.yaml")


def test_no_yaml_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "autonomy.yaml").write_text("default: 1\nlines: [}\n")
    with pytest.raises(PolicyError, match="is no YAML") as refused:
        AutonomyTable.load(tmp_path / "autonomy.yaml")
    assert refused.value.line == 2
