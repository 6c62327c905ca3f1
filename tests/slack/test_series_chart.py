"""What is drawn as a picture, and what the picture says to who cannot see it."""

import pytest
from pydantic import JsonValue

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
        {"query": "up", "series": [], "more": 0},
        {"query": "up", "series": [{"labels": {}, "points": [{"at": 1, "value": 1}]}]},
        {"series": [{"labels": {}, "points": [{"at": 1, "value": 1}, {"at": 2, "value": 1}]}]},
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


async def test_a_range_of_prometheus_is_one_picture_of_several_lines() -> None:
    def line(pod: str, *values: float) -> JsonObject:
        points: list[JsonValue] = [{"at": f"2026-09-21T13:0{n}:00Z", "value": v} for n, v in enumerate(values)]
        return {"labels": {"__name__": "up", "pod": pod, "zone": "_a$b"}, "points": points}

    found: list[JsonValue] = [line(f"web-{n}", n, n + 1) for n in range(6)]
    series = series_of({"query": "rate(up[1m])", "series": found, "more": 2})
    assert series is not None and (len(series.curves), series.more) == (5, 3)
    said = alt_text(series)
    assert said.startswith("5 lines of rate(up[1m]) from 13:00 to 13:01 UTC. web-0 _a$b: 0 at first, 1 at the end;")
    assert said.endswith("3 more are left out") and len(said) < 2_000
    assert (await draw(series)).startswith(b"\x89PNG")
    [one] = series_of({"query": "up", "series": found[:1], "more": 0}).curves  # type: ignore[union-attr]
    assert one.label == "web-0 _a$b"
