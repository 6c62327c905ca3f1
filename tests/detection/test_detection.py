"""Watched series: when incidents begin and end, what replaying one scores, and that each is one alert."""

import csv
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner

from bot.cli import app
from bot.detection import definition, replay
from bot.detection.definition import BadDetection, Kind, Sensitivity, Watch
from bot.detection.detector import Detector
from bot.detection.watching import Watching, asking
from bot.orchestrator import alerts
from bot.orchestrator.alerts import Alert
from storage import alerts as alert_store
from storage.db import Database
from tests.tools.observability.servers import Place
from tools.sources.http_client import HttpService

BREAKS = ((600, 640), (1_400, 1_430), (2_200, 2_260))


def told(watched: Watch, values: Sequence[float]) -> list[tuple[str, int]]:
    detector = Detector(watched)
    steps = [(n, detector.step(n * 60.0, value)) for n, value in enumerate(values)]
    return [(change.what, n) for n, change in steps if change is not None]


def test_a_threshold_needs_some_in_a_row_to_begin_and_some_good_ones_to_end() -> None:
    watched = Watch(name="x", kind=Kind.THRESHOLD, above=5, points=2, quiet=3)
    assert told(watched, [1, 9, 1, 9, 9, 9, 1, 1, 9, 1, 1, 1, 1]) == [("began", 4), ("ended", 11)]
    assert told(Watch(name="x", kind=Kind.THRESHOLD, below=1, points=1), [2, 0.5]) == [("began", 1)]


def test_a_rate_looks_at_the_change_and_not_at_the_value() -> None:
    watched = Watch(name="x", kind=Kind.RATE, per_minute=10, points=1, quiet=1)
    assert told(watched, [1000, 1005, 1030, 1031, 1000]) == [("began", 2), ("ended", 3), ("began", 4)]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_or_comes_again_is_passed_over(value: float) -> None:
    detector = Detector(Watch(name="x", kind=Kind.THRESHOLD, above=5, points=1))
    assert detector.step(1, value) is None
    assert detector.step(2, 9) is not None
    assert detector.step(2, 1) is None and detector.step(1, 1) is None and detector.firing


def recorded(seed: int = 3) -> list[replay.Point]:
    """Two days of a noisy series, a point a minute, with three breaks that people marked."""
    chance = random.Random(seed)  # noqa: S311 - numbers to watch
    points = []
    for n in range(2_880):
        wrong = any(start <= n < end for start, end in BREAKS)
        points.append((n * 60.0, chance.gauss(100, 5) + (60 if wrong else 0), wrong))
    return points


def test_every_break_of_a_noisy_series_is_found_soon_and_nothing_else() -> None:
    scored = replay.score(Watch(name="x"), recorded())
    assert (scored.incidents, scored.precision, scored.recall) == (3, 1.0, 1.0)
    assert scored.delay is not None and scored.delay <= 120


def test_sensitivity_is_what_is_noticed() -> None:
    small = [(at, value - 33 if wrong else value, wrong) for at, value, wrong in recorded()]
    found = {level: replay.score(Watch(name="x", sensitivity=level), small).found for level in Sensitivity}
    assert found[Sensitivity.LOW] < found[Sensitivity.HIGH] == 3


def test_a_series_that_never_moved_and_a_late_alarm_are_scored_as_what_they_are() -> None:
    flat = [(n * 60.0, 7.0, False) for n in range(500)]
    assert replay.score(Watch(name="x"), flat).alarms == 0
    blind = Watch(name="x", kind=Kind.THRESHOLD, above=1_000)
    assert (replay.score(blind, recorded()).recall, replay.score(blind, recorded()).precision) == (0.0, 1.0)
    jumpy = replay.score(Watch(name="x", kind=Kind.THRESHOLD, above=100, points=1, quiet=1), recorded())
    assert jumpy.precision < 0.1


def test_the_command_scores_a_file(tmp_path: Path) -> None:
    file = tmp_path / "recorded.csv"
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["at", "value", "label"])
        rows.writerows((at, value, int(wrong)) for at, value, wrong in recorded())
    said = CliRunner().invoke(app, ["detect", "replay", str(file)]).stdout
    assert "2880 points, 3 incidents marked, 3 alarms" in said
    assert "precision 1.00, recall 1.00, median delay 60 s" in said
    for nothing in ("at,value\n2026-01-01T00:00:00,high\n", "at,value,label\n", ""):
        file.write_text(nothing)
        assert CliRunner().invoke(app, ["detect", "replay", str(file)]).exit_code != 0


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kind": "threshold"}, "above or below"),
        ({"kind": "rate"}, "per_minute"),
        ({"kind": "guess"}, "kind"),
        ({"points": 0}, "points"),
    ],
)
def test_a_file_that_cannot_work_says_where(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    file = tmp_path / "detection.yaml"
    file.write_text(yaml.safe_dump({"series": [{"name": "x", **changed}]}))
    with pytest.raises(BadDetection, match=says):
        definition.read(file)


async def test_an_incident_is_one_alert_with_its_points_however_often_it_is_seen(db: Database) -> None:
    place, at = Place(), [0.0]
    watched = Watch(name="errors", query="errors", channel="C0INCIDENTS", kind=Kind.THRESHOLD, above=0.5, quiet=2)
    taken: list[Alert] = []

    async def take(alert: Alert) -> bool:
        taken.append(alert)
        return await alerts.take(db, "T0ACME", alert)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=place.prometheus())) as client:
        ask = asking(HttpService(name="prometheus", base_url="http://prom", client=client))
        file = definition.Detection(series=(watched, Watch(name="gone", query="nothing", channel="C0OPS")))
        watching = Watching(detection=file, ask=ask, take=take, clock=lambda: at[0])
        for value in ("0.1", "0.9", "0.9", "0.9", "0.9", "NaN", "0.1", "0.1"):
            at[0] += 30
            place.values["errors"] = value
            await watching.round()
    assert [alert.firing for alert in taken] == [True, False]
    assert "0.9 is above 0.5" in taken[0].title
    assert taken[0].details.endswith("30 0.1\n60 0.9\n90 0.9")
    async with db.write() as tx:
        again = await alert_store.fired(tx, "T0ACME", "detect:errors", channel="C", title="x", details="")
    assert again.round == 2
