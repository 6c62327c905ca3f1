"""One series over time: when an incident begins and when it ends. Pure; time and values are given to it."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.detection.definition import Kind, Watch

EVIDENCE = 30
"""points before the one that told"""
LEAST_SPREAD = 1e-9


@dataclass(frozen=True, kw_only=True)
class Told:
    """An incident began or ended."""

    what: Literal["began", "ended"]
    at: float
    value: float
    why: str
    points: tuple[tuple[float, float], ...]
    """the newest (at, value), this one last"""


@dataclass
class Detector:
    """Watches one series. A value that is out of place is not learnt from, so that an incident stays one."""

    watch: Watch
    firing: bool = False
    _in_row: int = 0
    _learnt: int = 0
    _points: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=EVIDENCE + 1))
    _scorer: Any = None  # of river, which comes without types

    def step(self, at: float, value: float) -> Told | None:
        """Take one point; a change when it makes one. Points that are no numbers or not newer are passed over."""
        if not math.isfinite(value) or (self._points and at <= self._points[-1][0]):
            return None
        why = self._wrong(at, value)
        self._points.append((at, value))
        if why:
            self._in_row = self._in_row + 1 if not self.firing else 0
            if not self.firing and self._in_row >= self.watch.points:
                return self._told("began", at, value, why)
            return None
        self._learn(value)
        self._in_row = self._in_row + 1 if self.firing else 0
        if self.firing and self._in_row >= self.watch.quiet:
            return self._told("ended", at, value, f"{self.watch.quiet} good values in a row")
        return None

    def _told(self, what: Literal["began", "ended"], at: float, value: float, why: str) -> Told:
        self.firing, self._in_row = what == "began", 0
        return Told(what=what, at=at, value=value, why=why, points=tuple(self._points))

    def _wrong(self, at: float, value: float) -> str:
        watch = self.watch
        if watch.kind is Kind.RATE:
            if not self._points:
                return ""
            before_at, before = self._points[-1]
            rate = (value - before) / (at - before_at) * 60
            over = abs(rate) > (watch.per_minute or math.inf)
            return f"{value:g}, changes by {rate:+g} a minute, at most {watch.per_minute:g}" if over else ""
        if watch.above is not None and value > watch.above:
            return f"{value:g} is above {watch.above:g}"
        if watch.below is not None and value < watch.below:
            return f"{value:g} is below {watch.below:g}"
        return self._odd(value) if watch.kind is Kind.ANOMALY else ""

    def _odd(self, value: float) -> str:
        grace = self.watch.window // 8
        if self._learnt < grace:
            return ""
        score = float(self._scorer.score_one(None, value))
        if score < self.watch.sensitivity.score:
            return ""
        usual = self._scorer.gaussian
        if abs(value - usual.mu) <= LEAST_SPREAD:  # a series that never moved: no spread to be outside of
            return ""
        return f"{value:g} is out of place: usual is {usual.mu:.4g} ± {usual.sigma:.2g}"

    def _learn(self, value: float) -> None:
        if self.watch.kind is not Kind.ANOMALY:
            return
        if self._scorer is None:
            from river.anomaly import GaussianScorer  # seconds to import

            made: Any = GaussianScorer
            self._scorer = made(window_size=self.watch.window, grace_period=self.watch.window // 8)
        self._scorer.learn_one(None, value)
        self._learnt += 1
