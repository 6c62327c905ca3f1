"""Pure: whether a tool's result is a number over time, and whether people asked to look at it."""

import datetime as dt
import math
import re
from dataclasses import dataclass

from storage.records import JsonObject

_ASKED = re.compile(r"\b(show|chart|graph|plot|draw|picture|diagram|curve)\b", re.IGNORECASE)
MOST_POINTS = 2_000
_NAME, _UNIT = 80, 60


@dataclass(frozen=True, kw_only=True)
class Series:
    """One number over time."""

    name: str
    unit: str
    points: tuple[tuple[float, float], ...]
    """(seconds since the epoch, value), oldest first, at least two"""


def asked_to_look(request: str) -> bool:
    """Whether the words ask for something to look at."""
    return _ASKED.search(request) is not None


def series_of(result: JsonObject) -> Series | None:
    """The series in a result of the shape {name, unit, points: [{at, value}]}; None for any other result."""
    points = result.get("points")
    if not isinstance(points, list) or not 2 <= len(points) <= MOST_POINTS:
        return None
    found = []
    for point in points:
        if not isinstance(point, dict):
            return None
        at, value = _moment(point.get("at")), point.get("value")
        if at is None or not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return None
        found.append((at, float(value)))
    name, unit = str(result.get("name") or "values"), str(result.get("unit") or "")
    return Series(name=name[:_NAME], unit=unit[:_UNIT], points=tuple(sorted(found)))


def _moment(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if not isinstance(value, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
