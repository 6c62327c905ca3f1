"""The autonomy level of an action: the most specific line that fits, never above a cap."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from policy.budgets import Budget
from policy.freezes import Freeze
from policy.types import Tier
from policy.yaml_file import load

DEFAULT_TABLE: Final = Path(__file__).with_name("autonomy.yaml")

Level = Annotated[int, Field(ge=0, le=4)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Strict):
    """One level for what it names; what it leaves out fits everything."""

    tool: str | None = None
    tier: Tier | None = None
    env: str | None = None
    channel: str | None = None
    level: Level

    @model_validator(mode="after")
    def _names_one_action_type(self) -> "Line":
        if self.tool is not None and self.tier is not None:
            raise ValueError("name a tool or a tier, not both")
        return self


class AutonomyTable(_Strict):
    """What operators set: a default, caps by environment, and lines; when nothing is changed; how much at most."""

    default: Level = 1
    caps: dict[str, Level] = {}
    """by environment; one that is not listed is capped at the default"""
    lines: tuple[Line, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    budgets: tuple[Budget, ...] = ()

    @classmethod
    def load(cls, file: Path = DEFAULT_TABLE) -> "AutonomyTable":
        """The table of a file.

        Raises:
            PolicyError: it is not one; the message names the line.
        """
        return load(cls, file)


def level(table: AutonomyTable, *, tool: str, tier: Tier, env: str, channel: str, channel_cap: int = 4) -> int:
    """The level for one action here. A tool beats a tier, then a channel beats an environment; ties take the lower."""
    best = (-1, -table.default)
    for line in table.lines:
        fits = (
            line.tool in (None, tool)
            and line.tier in (None, tier)
            and line.env in (None, env)
            and line.channel in (None, channel)
        )
        if fits:
            best = max(best, (_specificity(line), -line.level))
    return max(0, min(-best[1], table.caps.get(env, table.default), channel_cap))


def _specificity(line: Line) -> int:
    of_action = 8 if line.tool is not None else 4 if line.tier is not None else 0
    return of_action + (2 if line.channel is not None else 0) + (1 if line.env is not None else 0)
