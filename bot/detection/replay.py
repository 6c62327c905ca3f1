"""A recorded series played through its detector, and how well that did against what people marked."""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.detection.definition import Watch
from bot.detection.detector import Detector, Told

Point = tuple[float, float, bool]
"""(at, value, whether people say that something is wrong)"""


class BadRecording(Exception):
    """The file cannot be replayed; the message names the line."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """By incident: one stretch of marked points is one, however many points it has."""

    points: int
    incidents: int
    found: int
    alarms: int
    false_alarms: int
    delays: tuple[float, ...]
    """seconds from the first marked point to the alarm, of those found"""
    told: tuple[Told, ...]

    @property
    def precision(self) -> float:
        return (self.alarms - self.false_alarms) / self.alarms if self.alarms else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.incidents if self.incidents else 1.0

    @property
    def delay(self) -> float | None:
        """The median, in seconds."""
        return sorted(self.delays)[len(self.delays) // 2] if self.delays else None


def read(path: Path) -> list[Point]:
    """Columns `at` (seconds or ISO 8601), `value`, and `label` (1: something is wrong; may be left out).

    Raises:
        BadRecording: a line does not fit, or there is none.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            found = list(_points(csv.DictReader(file)))
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecording(f"{path}: cannot be read ({type(error).__name__}); check the path") from None
    if not found:
        raise BadRecording(f"{path}: holds no points; the first line names the columns at, value, label")
    return found


def _points(rows: Iterable[dict[str, str]]) -> Iterator[Point]:
    for number, row in enumerate(rows, start=2):
        try:
            at = row["at"]
            seconds = float(at) if at.replace(".", "", 1).isdigit() else dt.datetime.fromisoformat(at).timestamp()
            yield seconds, float(row["value"]), row.get("label", "0").strip() in {"1", "true", "yes"}
        except (KeyError, ValueError, AttributeError, TypeError):
            raise BadRecording(f"line {number}: needs at (a time), value (a number), label (0 or 1)") from None


def score(watch: Watch, points: Sequence[Point]) -> Score:
    """Play all points; an alarm within a marked stretch, or up to `points` after it, has found it."""
    detector = Detector(watch)
    told = [change for at, value, _ in points if (change := detector.step(at, value)) is not None]
    began = [change.at for change in told if change.what == "began"]
    stretches = _stretches(points, watch.points)
    delays = [alarms[0] - start for start, end in stretches if (alarms := [a for a in began if start <= a <= end])]
    false = sum(not any(start <= alarm <= end for start, end in stretches) for alarm in began)
    return Score(
        points=len(points),
        incidents=len(stretches),
        found=len(delays),
        alarms=len(began),
        false_alarms=false,
        delays=tuple(delays),
        told=tuple(told),
    )


def _stretches(points: Sequence[Point], grace: int) -> list[tuple[float, float]]:
    """(first marked, last moment at which an alarm still counts for it)."""
    found: list[tuple[float, float]] = []
    start: float | None = None
    for index, (at, _, wrong) in enumerate(points):
        if wrong and start is None:
            start = at
        if start is not None and (not wrong or index == len(points) - 1):
            found.append((start, points[min(index + grace - 1, len(points) - 1)][0]))
            start = None
    return found
