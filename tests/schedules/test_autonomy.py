"""The weekly digest: counted by the zone's own days, drawn so that everybody can read it."""

import datetime as dt
import struct
import zlib
from dataclasses import replace

import pytest

from bot.orchestrator.views import DigestView
from bot.schedules import chart
from bot.schedules.autonomy import AutonomyView, Series
from bot.schedules.windows import days, since_last, week_before
from bot.slack.cards.autonomy import autonomy_card

DAY = 86_400.0


def at(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def a_digest(**changes: object) -> DigestView:
    values: dict[str, object] = {
        "title": "",
        "since": at("2026-11-14T09:00:00+00:00"),
        "until": at("2026-11-21T09:00:00+00:00"),
        "tasks_started": 9,
        "tasks_completed": 7,
        "tasks_failed": 1,
        "proposed": 6,
        "approved": 3,
        "rejected": 2,
        "expired": 1,
        "auto_run": 4,
        "undone": 1,
        "median_decision_seconds": 240.0,
        "actions": (),
        "open_items": (),
        "failing_tools": (("shop.set_flag", 1, 4),),
    }
    return DigestView(**(values | changes))  # type: ignore[arg-type]  # named above


def a_week(digest: DigestView | None = None) -> AutonomyView:
    digest = digest or a_digest()
    shown = days(digest.since, digest.until, "Europe/Berlin")
    counts = [(1, 0, 2, 0, 0, 0, 0, 0), (0, 0, 2, 0, 0, 0, 0, 0), (0,) * 8, (0, 3, 0, 0, 1, 0, 0, 0), (0,) * 8]
    series = tuple(Series(name=name, counts=found) for name, found in zip(chart.STYLES, counts, strict=True))
    return AutonomyView(digest=digest, edited=1, tz="Europe/Berlin", days=shown, series=series)


@pytest.mark.parametrize(
    ("tz", "until", "hours"),
    [
        ("Europe/Berlin", "2026-03-30T07:00:00+00:00", 167),
        ("Europe/Berlin", "2026-10-26T08:00:00+00:00", 169),
        ("America/New_York", "2026-03-09T13:00:00+00:00", 167),
        ("America/New_York", "2026-11-02T14:00:00+00:00", 169),
        ("UTC", "2026-11-02T14:00:00+00:00", 168),
        ("Australia/Adelaide", "2026-04-05T23:30:00+00:00", 169),
        ("Australia/Adelaide", "2026-10-04T22:30:00+00:00", 167),
        ("Asia/Kolkata", "2026-11-02T03:30:00+00:00", 168),
    ],
)
def test_a_week_begins_at_the_same_time_on_the_clock(tz: str, until: str, hours: int) -> None:
    assert at(until) - week_before(at(until), tz) == hours * 3600


def test_a_daily_digest_goes_on_where_the_last_one_ended() -> None:
    """A Monday's tells of the weekend."""
    monday = at("2026-11-23T09:00:00+00:00")
    assert since_last(monday - 3 * DAY, monday) == monday - 3 * DAY
    assert since_last(None, monday) == monday - DAY
    assert since_last(monday - 40 * DAY, monday) == monday - 7 * DAY


def test_days_are_those_of_the_zone() -> None:
    found = days(at("2026-11-14T23:30:00+00:00"), at("2026-11-16T00:00:00+00:00"), "Europe/Berlin")
    assert [day.isoformat() for day in found] == ["2026-11-15", "2026-11-16"]


def _luminance(color: str) -> float:
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", [chart.INK, *(color for color, _ in chart.STYLES.values())])
def test_what_is_drawn_stands_out(color: str) -> None:
    """4.5 to 1, by WCAG; the ground is the picture's own, so the mode around it does not matter."""
    assert (_luminance(chart.GROUND) + 0.05) / (_luminance(color) + 0.05) >= 4.5


def test_series_differ_by_more_than_colour() -> None:
    assert len({hatch for _, hatch in chart.STYLES.values()}) == len(chart.STYLES)


async def test_the_chart_is_an_opaque_picture() -> None:
    png = await chart.draw(a_week())
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (width, height, depth) == (1200, 540, 8)
    assert kind in (2, 6)
    if kind == 6:
        data = b"".join(_chunks(png))
        raw, row = zlib.decompress(data), width * 4 + 1
        assert {raw[line * row] for line in range(height)} <= set(range(5))
        corner = raw[1:5]
        assert corner == b"\xff\xff\xff\xff"


def _chunks(png: bytes) -> list[bytes]:
    found, place = [], 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        if png[place + 4 : place + 8] == b"IDAT":
            found.append(png[place + 8 : place + 8 + length])
        place += length + 12
    return found


async def test_a_chart_that_cannot_be_drawn_says_so() -> None:
    week = a_week()
    with pytest.raises(chart.ChartFailed, match="no such style"):
        await chart.draw(replace(week, series=(Series(name="no such style", counts=(1,) * 8),)))


def test_the_picture_has_words() -> None:
    said = chart.alt_text(a_week())
    assert "3 approved, 2 rejected, 0 unanswered, 4 ran alone, 0 undone" in said
    assert "14 November to 21 November (Europe/Berlin)" in said and "most on Monday, 16 November" in said


def test_the_digest_says_the_week_in_words() -> None:
    card = autonomy_card(a_week(), chart="F0CHART")
    text = str(card.blocks)
    for words in (
        "6 proposals*: 3 approved, 2 rejected, 1 expired unanswered; 1 edited first",
        "4 actions* ran without asking, 1 undone",
        "Decided in 4 min at the median; 0 still open",
        "shop.set_flag",
    ):
        assert words in text, words
    [picture] = [block for block in card.blocks if block["type"] == "image"]
    assert picture["slack_file"] == {"id": "F0CHART"} and "ran alone" in str(picture["alt_text"])
    assert not [block for block in autonomy_card(a_week()).blocks if block["type"] == "image"]
