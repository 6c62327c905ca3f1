"""How much may be changed in a task, an hour or a day. What was split into several small calls counts together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from policy.types import Tier

HOUR, DAY = 3600.0, 86_400.0


@dataclass(frozen=True, kw_only=True)
class Spending:
    """One change that began, or that is about to."""

    task: str
    tool: str
    tier: Tier
    env: str
    target: str
    """what it acts on, kind and id; a second change of the same thing hits nobody else"""
    blast: int
    """percent"""
    at: float
    arguments: Mapping[str, object] = field(default_factory=dict)


class Budget(BaseModel):
    """One bound. What it leaves out of tool, tier and env it counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per: Literal["task", "hour", "day"]
    changes: int | None = Field(default=None, ge=1)
    """so many calls"""
    blast: int | None = Field(default=None, ge=1)
    """so many percent, summed over the different things that were changed"""
    argument: str | None = None
    """this argument's values, summed"""
    most: int | None = Field(default=None, ge=1)
    tool: str | None = None
    tier: Tier | None = None
    env: str | None = None

    @model_validator(mode="after")
    def _bounds_one_thing(self) -> "Budget":
        if sum(one is not None for one in (self.changes, self.blast, self.argument)) != 1:
            raise ValueError("bound one thing: 'changes', 'blast', or 'argument' with 'most'")
        if (self.argument is None) != (self.most is None):
            raise ValueError("'argument' and 'most' belong together")
        if self.tier is Tier.READ:
            raise ValueError("reads change nothing and have no budget")
        return self

    def broken_by(self, call: Spending, earlier: Iterable[Spending]) -> str:
        """What is used up, in words, when this call came on top; "" while it fits."""
        if not self._counts(call):
            return ""
        used, asks, most, of = self._measure(call, self._within(call, earlier))
        if used + asks <= most:
            return ""
        what = f" of {self.tool}" if self.tool else ""
        where = f" in {self.env}" if self.env else ""
        left = max(0, most - used)
        return f"the budget of {most} {of}{what}{where} a {self.per} has {left} left and this takes {asks}"

    def left_for(self, call: Spending, earlier: Iterable[Spending]) -> str:
        """What of it is used and what this call takes, in words; "" when it does not count this call."""
        if not self._counts(call):
            return ""
        used, asks, most, of = self._measure(call, self._within(call, earlier))
        return f"budget of {most} {of} a {self.per}: {used} used, this takes {asks}"

    def _within(self, call: Spending, earlier: Iterable[Spending]) -> list[Spending]:
        span = {"task": float("inf"), "hour": HOUR, "day": DAY}[self.per]
        return [
            one
            for one in earlier
            if self._counts(one) and call.at - one.at < span and (self.per != "task" or one.task == call.task)
        ]

    def _counts(self, one: Spending) -> bool:
        return self.tool in (None, one.tool) and self.tier in (None, one.tier) and self.env in (None, one.env)

    def _measure(self, call: Spending, earlier: Sequence[Spending]) -> tuple[int, int, int, str]:
        """(used so far, what the call takes, the most, of what)."""
        if self.changes is not None:
            return len(earlier), 1, self.changes, "changes"
        if self.blast is not None:
            used = together(earlier)
            return used, together([*earlier, call]) - used, self.blast, "percent of blast radius"
        name = self.argument or ""
        used = sum(_number(one.arguments.get(name)) for one in earlier)
        return used, _number(call.arguments.get(name)), self.most or 0, f"in {name!r}"


def together(changes: Iterable[Spending]) -> int:
    """Percent that several changes hit: summed over different things, the largest for each."""
    widest: dict[tuple[str, str], int] = {}
    for one in changes:
        thing = (one.env, one.target)
        widest[thing] = max(widest.get(thing, 0), one.blast)
    return sum(widest.values())


def used_up(budgets: Sequence[Budget], call: Spending, earlier: Sequence[Spending]) -> str:
    """The first budget that this call would break, in words; "" when it fits all."""
    return next((said for budget in budgets if (said := budget.broken_by(call, earlier))), "")


def _number(value: object) -> int:
    """A negative amount must not give back what was used."""
    return abs(round(value)) if isinstance(value, int | float) and not isinstance(value, bool) else 0
