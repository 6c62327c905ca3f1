"""Calendars: recurring events, their exceptions, time zones and changed clocks."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.people.fresh import Watched
from bot.people.ical import CalendarSource, on_call, parse
from bot.people.source import SourceDown

BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
"""
DANA_AT_NINE = """UID:1
SUMMARY:On call
ATTENDEE;CN=Dana:mailto:Dana@acme.example
DTSTART;TZID=Europe/Berlin:20260302T090000
DTEND;TZID=Europe/Berlin:20260302T170000
RRULE:FREQ=DAILY
EXDATE;TZID=Europe/Berlin:20260310T090000"""
SAM_INSTEAD = """UID:1
RECURRENCE-ID;TZID=Europe/Berlin:20260311T090000
SUMMARY:On call
ATTENDEE:mailto:sam@acme.example
DTSTART;TZID=Europe/Berlin:20260311T100000
DTEND;TZID=Europe/Berlin:20260311T120000"""


def a_calendar(*events: str) -> bytes:
    inside = "".join(f"BEGIN:VEVENT\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//t\n{BERLIN}{inside}END:VCALENDAR\n".replace(
        "\n", "\r\n"
    ).encode()


def who(content: bytes, when: str, *, zone: str = "Europe/Berlin", people: dict[str, str] | None = None) -> set[str]:
    moment = datetime.fromisoformat(when).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    return set(on_call(parse(content), moment, zone=zone, people=people or {}))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-03-02T08:59", set()),
        ("2026-03-02T09:00", {"dana@acme.example"}),
        ("2026-03-02T17:00", set()),
        ("2026-03-30T09:00", {"dana@acme.example"}),  # after the clocks changed: nine on the wall
        ("2026-03-30T08:30", set()),
        ("2026-03-10T12:00", set()),  # taken out
        ("2026-03-11T09:30", set()),  # moved by an hour, and to somebody else
        ("2026-03-11T10:30", {"sam@acme.example"}),
        ("2026-03-11T13:00", set()),
        ("2027-06-01T12:00", {"dana@acme.example"}),
    ],
)
def test_recurring_events_with_exceptions(when: str, expected: set[str]) -> None:
    assert who(a_calendar(DANA_AT_NINE, SAM_INSTEAD), when) == expected


SPAN = "DTSTART:20260302T090000Z\nDTEND:20260302T170000Z"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (f"UID:1\nSUMMARY:noor@acme.example (primary)\n{SPAN}", {"noor@acme.example"}),
        (f"UID:1\nSUMMARY:Noor\n{SPAN}", {"U0NOOR"}),
        (f"UID:1\nSUMMARY:Noor and Kim\n{SPAN}", set()),  # nobody is guessed
        (f"UID:1\nSUMMARY:noor@acme.example\nSTATUS:CANCELLED\n{SPAN}", set()),
        (f"UID:1\nSUMMARY:x\nATTENDEE;PARTSTAT=DECLINED:mailto:kim@acme.example\n{SPAN}", set()),
        (
            f"UID:1\nSUMMARY:x\nATTENDEE:mailto:kim@acme.example\nATTENDEE:mailto:ana@acme.example\n{SPAN}",
            {"kim@acme.example", "ana@acme.example"},
        ),
        (
            "UID:1\nSUMMARY:kim@acme.example\nDTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260303",
            {"kim@acme.example"},
        ),
        # no zone at all: meant on the wall where the file says the calendar is
        ("UID:1\nSUMMARY:kim@acme.example\nDTSTART:20260302T120000\nDTEND:20260302T130000", {"kim@acme.example"}),
    ],
)
def test_whom_an_event_names(event: str, expected: set[str]) -> None:
    assert who(a_calendar(event), "2026-03-02T12:30", people={"Noor": "U0NOOR"}) == expected


def test_an_event_without_a_zone_follows_the_files_zone() -> None:
    floating = a_calendar("UID:1\nSUMMARY:kim@acme.example\nDTSTART:20260302T120000\nDTEND:20260302T130000")
    assert who(floating, "2026-03-02T12:30", zone="America/New_York") == set()
    assert who(floating, "2026-03-02T18:30", zone="America/New_York") == {"kim@acme.example"}


def a_source(file: Path) -> CalendarSource:
    return CalendarSource(name="cal", calendar=Watched(file=file, read=parse), zone="UTC", people={})


async def test_a_changed_file_is_read_again_and_a_broken_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "calendar.ics"
    file.write_bytes(a_calendar(f"UID:1\nSUMMARY:kim@acme.example\n{SPAN}"))
    source, noon = a_source(file), datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert await source.names(noon) == {"kim@acme.example"}
    file.write_bytes(a_calendar(f"UID:1\nSUMMARY:noor@acme.example\n{SPAN}"))
    assert await source.names(noon) == {"noor@acme.example"}
    file.write_text("no calendar")
    with pytest.raises(SourceDown, match=r"'cal': .*calendar.ics': not an iCalendar"):
        await source.names(noon)
    file.unlink()
    with pytest.raises(SourceDown, match="cannot read"):
        await source.names(noon)


async def test_a_calendar_that_breaks_its_reader_is_a_source_that_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that takes for ever is given up on."""
    file = tmp_path / "calendar.ics"
    file.write_bytes(a_calendar(f"UID:1\nSUMMARY:x\n{SPAN}\nRRULE:FREQ=DAILY;UNTIL=nonsense"))
    with pytest.raises(SourceDown, match="'cal': "):
        await a_source(file).names(datetime(2026, 3, 2, 12, tzinfo=UTC))
    file.write_bytes(a_calendar(f"UID:1\nSUMMARY:kim@acme.example\n{SPAN}"))

    async def never(*_args: object, **_more: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.people.ical.asyncio.to_thread", never)
    monkeypatch.setattr("bot.people.ical.PATIENCE", 0.05)
    with pytest.raises(SourceDown, match="takes more than"):
        await a_source(file).names(datetime(2026, 3, 2, 12, tzinfo=UTC))
