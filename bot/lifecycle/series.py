"""Pure: whether a tool's result is a number over time, and whether people asked to look at it."""

import datetime as dt
import math
import re
from dataclasses import dataclass

from storage.records import JsonObject

_ASKED = re.compile(r"\b(show|chart|graph|plot|draw|picture|diagram|curve)\b", re.IGNORECASE)
MOST_POINTS = 2_000
MOST_CURVES = 5
"""in one picture; more of them nobody tells apart"""
_NAME, _UNIT, _LABEL = 80, 60, 60

Points = tuple[tuple[float, float], ...]
"""(seconds since the epoch, value), oldest first, at least two"""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One line of a picture; `label` tells it from the others."""

    label: str
    points: Points


@dataclass(frozen=True, kw_only=True)
class Series:
    """A number over time; one curve, or one for each of what it is counted by."""

    name: str
    unit: str
    curves: tuple[Curve, ...]
    """at least one"""
    more: int = 0
    """curves that were left out"""


def asked_to_look(request: str) -> bool:
    """Whether the words ask for something to look at."""
    return _ASKED.search(request) is not None


def series_of(result: JsonObject) -> Series | None:
    """The numbers over time in a result; None for a result of any other shape.

    Shapes: {name, unit, points: [{at, value}]}, and {query, series: [{labels, points}], more} as Prometheus gives it.
    """
    if (points := _points(result.get("points"))) is not None:
        name, unit = str(result.get("name") or "values"), str(result.get("unit") or "")
        return Series(name=name[:_NAME], unit=unit[:_UNIT], curves=(Curve(label="", points=points),))
    lines, query, more = result.get("series"), result.get("query"), result.get("more")
    if not isinstance(lines, list) or not isinstance(query, str):
        return None
    curves = [
        Curve(label=_label(line.get("labels")), points=found)
        for line in lines
        if isinstance(line, dict) and (found := _points(line.get("points"))) is not None
    ]
    if not curves:
        return None
    left = len(curves) - MOST_CURVES + (more if isinstance(more, int) else 0)
    return Series(name=query[:_NAME], unit="", curves=tuple(curves[:MOST_CURVES]), more=max(0, left))


def _points(points: object) -> Points | None:
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
    return tuple(sorted(found))


def _label(labels: object) -> str:
    """The values of its labels; what it measures is in the name of the whole."""
    if not isinstance(labels, dict):
        return ""
    return " ".join(str(value) for key, value in sorted(labels.items()) if key != "__name__")[:_LABEL]


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
