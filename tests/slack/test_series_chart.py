"""What is drawn as a picture, and what the picture says to who cannot see it."""

import pytest

from bot.lifecycle.series import asked_to_look, series_of
from bot.slack.series_chart import alt_text, draw
from storage.records import JsonObject

HOUR: JsonObject = {
    "name": "checkout.error_rate",
    "unit": "share of requests, 0 to 1",
    "points": [
        {"at": "2026-09-21T13:00:00Z", "value": 0.0},
        {"at": "2026-09-21T13:30:00Z", "value": 0.222},
        {"at": "2026-09-21T14:00:00Z", "value": 0.031},
    ],
}


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"points": "many"},
        {"points": [{"at": "2026-09-21T13:00:00Z", "value": 1}]},
        {"points": [{"at": "yesterday", "value": 1}, {"at": "today", "value": 2}]},
        {"points": [{"at": 1, "value": "1"}, {"at": 2, "value": "2"}]},
        {"points": [{"at": 1, "value": float("nan")}, {"at": 2, "value": 2}]},
        {"points": [1, 2, 3]},
    ],
)
def test_what_is_no_number_over_time_is_not_drawn(result: JsonObject) -> None:
    assert series_of(result) is None


@pytest.mark.parametrize(
    ("words", "looks"),
    [
        ("show me the error rate", True),
        ("Plot it, please", True),
        ("is checkout failing?", False),
        ("slideshow", False),
    ],
)
def test_only_who_asks_to_look_gets_a_picture(words: str, looks: bool) -> None:
    assert asked_to_look(words) is looks


async def test_the_picture_says_what_it_shows() -> None:
    series = series_of(HOUR)
    assert series is not None
    assert alt_text(series) == (
        "Line of checkout.error_rate from 13:00 to 14:00 UTC: 0 % at first, 3.1 % at the end; "
        "highest 22.2 % at 13:30, lowest 0 %"
    )
    assert (await draw(series)).startswith(b"\x89PNG")
