"""Time as an argument: seconds since 1970, from the wall or from a test's hand."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]


class ManualClock:
    """A clock that stands still until it is moved forward."""

    def __init__(self, at: float = 1_790_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds


def iso(at: float) -> str:
    """An instant as the API writes it: 2026-09-21T13:33:20Z."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_or_none(at: float | None) -> str | None:
    """The same for an instant that may be open."""
    return None if at is None else iso(at)


def seconds_of(text: str) -> float:
    """The instant a caller wrote; a time without a zone is UTC.

    Raises:
        ValueError: the text is not an ISO 8601 time.
    """
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


class LateClock:
    """The real time, but `seconds` ago until `catch_up`: what is set in between has been so for that long."""

    def __init__(self, seconds: float) -> None:
        self._behind = seconds

    def __call__(self) -> float:
        return time.time() - self._behind

    def catch_up(self) -> None:
        self._behind = 0.0
