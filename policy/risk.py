"""Score one call from a small additive table, with every part of the sum in words for the card."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from policy.types import Risk, RiskFacts, RiskPart, Tier
from policy.yaml_file import load

DEFAULT_TABLE: Final = Path(__file__).with_name("risk.yaml")

Points = Annotated[int, Field(ge=-100, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BlastStep(_Strict):
    """Points for a blast radius of at least this many percent."""

    at_least: Annotated[int, Field(ge=1, le=100)]
    points: Points


class RiskTable(_Strict):
    """Points for each fact; what each means is said in risk.yaml."""

    tier: dict[Tier, Points]
    env: dict[str, Points]
    unknown_env: Points
    blast: tuple[BlastStep, ...]
    no_undo: Points
    first_time: Points
    untrusted: Points
    out_of_hours: Points
    recent_failure: Points
    recent_failures_at_most: Points
    frozen: Points = 0

    @classmethod
    def load(cls, file: Path = DEFAULT_TABLE) -> "RiskTable":
        """The table of a file.

        Raises:
            PolicyError: it is not one; the message names the line.
        """
        return load(cls, file)


def score(facts: RiskFacts, table: RiskTable) -> Risk:
    """The risk of one call; parts that add nothing are left out, and the sum stays within 0 and 100."""
    percent = f"{facts.blast_percent} %"
    parts = (
        RiskPart(label=facts.env, points=table.env.get(facts.env, table.unknown_env)),
        RiskPart(label=facts.tier.value, points=table.tier.get(facts.tier, 100)),
        RiskPart(label=facts.blast_label.strip() or f"{percent} affected", points=_blast(facts.blast_percent, table)),
        RiskPart(label="no undo", points=table.no_undo if facts.tier is Tier.REVERSIBLE and not facts.has_undo else 0),
        RiskPart(label="first time here", points=table.first_time if facts.first_time else 0),
        RiskPart(label="value from untrusted text", points=table.untrusted if facts.untrusted else 0),
        RiskPart(label="out of hours", points=table.out_of_hours if facts.out_of_hours else 0),
        _failures(facts.recent_failures, table),
        RiskPart(label=facts.frozen, points=table.frozen if facts.frozen else 0),
    )
    total = sum(part.points for part in parts)
    return Risk(score=max(0, min(100, total)), parts=tuple(part for part in parts if part.points))


def in_words(risk: Risk) -> str:
    """The sum as the card shows it: "prod +20, reversible +5, 12 % of users +9"."""
    return ", ".join(f"{part.label} {part.points:+d}" for part in risk.parts) or "nothing adds to it"


def _blast(percent: int, table: RiskTable) -> int:
    return max((step.points for step in table.blast if percent >= step.at_least), default=0)


def _failures(count: int, table: RiskTable) -> RiskPart:
    times = "once" if count == 1 else f"{count} times"
    return RiskPart(
        label=f"failed {times} in the last hour",
        points=min(count * table.recent_failure, table.recent_failures_at_most),
    )
