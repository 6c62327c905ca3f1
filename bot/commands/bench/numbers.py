"""What every benchmark gives back: numbers with their unit and the target beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Number:
    """One measured value."""

    name: str
    value: float
    unit: str
    target: float | None = None
    """what it should stay below; None: told for comparison only"""
    at_least: bool = False
    """the target is what it should reach instead"""

    def line(self) -> str:
        goal = (
            ""
            if self.target is None
            else f"   (target: at {'least' if self.at_least else 'most'} {self.target:g} {self.unit})"
        )
        return f"{self.name:<58} {self.value:>9.2f} {self.unit}{goal}"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One benchmark's numbers, and how they were taken."""

    benchmark: str
    how: str
    numbers: tuple[Number, ...]
    notes: tuple[str, ...] = field(default=())


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values do not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def p50(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def p99(values: Sequence[float]) -> float:
    return quantile(values, 0.99)
