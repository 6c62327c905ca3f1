"""Rotas: whose shift it is by the wall's clock, through nights, handovers and changed clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.rota import Rota
from bot.people.sources import read_rota

BERLIN = ZoneInfo("Europe/Berlin")


def rota(text: str) -> Rota:
    return read_rota(f"time_zone: Europe/Berlin\n{text}".encode())


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


OFFICE = rota("weekly:\n  - {who: U0DANA, days: [mon, tue, wed, thu, fri], from: '09:00', to: 17:00}")
NIGHT = rota("weekly:\n  - {who: U0SAM, days: fri, from: 22:00, to: 06:00}")
TURNS = rota("turns:\n  - {who: [U0DANA, U0SAM, noor@acme.example], starting: 2026-03-02T09:00, every_days: 7}")
HOLIDAY = rota(
    "weekly: [{who: U0DANA, from: 0:00, to: 0:00}]\n"
    "overrides: [{who: [U0KIM], from: 2026-12-24 09:00, to: 2026-12-26 09:00}]"
)
OFFSET = rota("dated: [{who: U0KIM, from: 2026-07-01T09:00:00+00:00, to: 2026-07-01T10:00:00+00:00}]")


@pytest.mark.parametrize(
    ("of", "when", "who"),
    [
        (OFFICE, "2026-11-20T08:59:59", set()),  # a Friday
        (OFFICE, "2026-11-20T09:00", {"U0DANA"}),
        (OFFICE, "2026-11-20T17:00", set()),
        (OFFICE, "2026-11-21T12:00", set()),
        (OFFICE, "2026-07-20T09:00", {"U0DANA"}),  # summer: two hours from UTC, still nine on the wall
        (NIGHT, "2026-11-20T21:59", set()),
        (NIGHT, "2026-11-20T23:00", {"U0SAM"}),
        (NIGHT, "2026-11-21T05:59", {"U0SAM"}),
        (NIGHT, "2026-11-21T06:00", set()),
        (NIGHT, "2026-11-21T23:00", set()),
        (TURNS, "2026-03-02T08:59", set()),
        (TURNS, "2026-03-02T09:00", {"U0DANA"}),
        (TURNS, "2026-03-09T08:59", {"U0DANA"}),
        (TURNS, "2026-03-09T09:00", {"U0SAM"}),
        (TURNS, "2026-03-30T08:59", {"U0DANA"}),  # the clocks changed on the 29th: still at nine on the wall
        (TURNS, "2026-03-30T09:00", {"U0SAM"}),
        (TURNS, "2026-03-16T10:00", {"noor@acme.example"}),
        (HOLIDAY, "2026-12-24T08:59", {"U0DANA"}),
        (HOLIDAY, "2026-12-24T09:00", {"U0KIM"}),
        (HOLIDAY, "2026-12-26T09:00", {"U0DANA"}),
        (OFFSET, "2026-07-01T10:59", set()),
        (OFFSET, "2026-07-01T11:00", {"U0KIM"}),
    ],
)
def test_whose_shift_it_is(of: Rota, when: str, who: set[str]) -> None:
    assert of.on_shift(at(when)) == who


def test_the_hour_that_comes_twice_belongs_to_one_shift() -> None:
    """From 2 to 3 in the night the clocks go back, both times."""
    two = rota("weekly:\n  - {who: U0DANA, from: 22:00, to: 02:30}\n  - {who: U0SAM, from: 02:30, to: 22:00}")
    first = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:00 for the first time
    seen = [two.on_shift(first + timedelta(minutes=10 * n)) for n in range(12)]
    assert seen == [{"U0DANA"}] * 3 + [{"U0SAM"}] * 9


@given(st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)))
def test_shifts_that_meet_leave_no_gap_and_no_overlap(moment: datetime) -> None:
    """Around the clock, in turns: exactly one person, at every moment, whatever the clocks do."""
    whole_day = rota(
        "weekly:\n"
        "  - {who: U0DANA, from: 02:30, to: 09:00}\n"
        "  - {who: U0SAM, from: 09:00, to: 17:00}\n"
        "  - {who: U0NOOR, from: 17:00, to: 02:30}"
    )
    turns = rota("turns:\n  - {who: [U0DANA, U0SAM], starting: 2024-12-30T02:30, every_days: 1}")
    assert len(whole_day.on_shift(moment.replace(tzinfo=UTC))) == 1
    assert len(turns.on_shift(moment.replace(tzinfo=UTC))) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time_zone: Europe/Berlinn", "no time zone"),
        ("time_zone: UTC\nweekly: [{who: dana, from: '09:00', to: '17:00'}]", "neither a Slack user id"),
        ("time_zone: UTC\nweekly: [{who: [], from: '09:00', to: '17:00'}]", "weekly.0.who"),
        ("time_zone: UTC\nweekly: [{who: U0DANA, days: [moon], from: '09:00', to: '17:00'}]", "weekly.0.days.0"),
        ("time_zone: UTC\ndated: [{who: U0DANA, from: 2026-01-02, to: 2026-01-01}]", "later than from"),
        ("time_zone: UTC\nshift: []", "shift"),
        ("time_zone: [", r"not YAML \(line"),
        ("- a", "file"),
    ],
)
def test_a_rota_that_makes_no_sense_says_where(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_rota(text.encode())
