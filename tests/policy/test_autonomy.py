"""The level of an action: the most specific line, then the lowest cap."""

from pathlib import Path

import pytest

from policy.autonomy import AutonomyTable, Line, level
from policy.errors import PolicyError
from policy.types import Tier

LINES = (
    Line(tier=Tier.REVERSIBLE, env="dev", level=2),
    Line(tier=Tier.IRREVERSIBLE, level=3),
    Line(channel="C-quiet", level=0),
    Line(tool="flags.set", env="prod", level=2),
    Line(tool="flags.set", channel="C-lab", level=3),
    Line(tool="flags.twice", level=3),
    Line(tool="flags.twice", level=1),
    Line(tool="flags.wild", level=4),
)
TABLE = AutonomyTable(default=1, caps={"dev": 4, "staging": 3, "prod": 2}, lines=LINES)


@pytest.mark.parametrize(
    ("tool", "tier", "env", "channel", "cap", "expected"),
    [
        ("any", Tier.READ, "dev", "C", 4, 1),
        ("any", Tier.REVERSIBLE, "dev", "C", 4, 2),
        ("any", Tier.REVERSIBLE, "staging", "C", 4, 1),
        ("any", Tier.IRREVERSIBLE, "staging", "C", 4, 3),
        ("any", Tier.IRREVERSIBLE, "prod", "C", 4, 2),
        ("any", Tier.IRREVERSIBLE, "staging", "C", 1, 1),
        ("any", Tier.READ, "dev", "C-quiet", 4, 0),
        ("any", Tier.IRREVERSIBLE, "dev", "C-quiet", 4, 3),
        ("flags.set", Tier.REVERSIBLE, "prod", "C", 4, 2),
        ("flags.set", Tier.REVERSIBLE, "dev", "C", 4, 2),
        ("flags.set", Tier.REVERSIBLE, "dev", "C-lab", 4, 3),
        ("flags.set", Tier.REVERSIBLE, "dev", "C-lab", 0, 0),
        ("flags.twice", Tier.REVERSIBLE, "dev", "C", 4, 1),
        ("flags.wild", Tier.REVERSIBLE, "dev", "C", 4, 4),
        ("flags.wild", Tier.REVERSIBLE, "prod", "C", 4, 2),
        ("flags.wild", Tier.REVERSIBLE, "moon", "C", 4, 1),
    ],
)
def test_the_most_specific_line_wins_below_the_caps(
    *, tool: str, tier: Tier, env: str, channel: str, cap: int, expected: int
) -> None:
    """A tool beats a tier, then a channel beats an environment, ties take the lower; an unlisted env has no more than
    the default."""
    assert level(TABLE, tool=tool, tier=tier, env=env, channel=channel, channel_cap=cap) == expected


def test_the_table_that_ships_suggests_everywhere() -> None:
    """Nothing runs alone until an operator says so."""
    table = AutonomyTable.load()
    for tier in Tier:
        for env in ("dev", "staging", "prod"):
            assert level(table, tool="any", tier=tier, env=env, channel="C") == 1


@pytest.mark.parametrize("text", ["default: 5", "lines: [{tool: a, tier: read, level: 1}]", "lines: [{tol: a}]"])
def test_a_table_that_says_nonsense_is_refused(tmp_path: Path, text: str) -> None:
    """Rather than half understood."""
    (tmp_path / "autonomy.yaml").write_text(text)
    with pytest.raises(PolicyError, match=r"autonomy.yaml:1: "):
        AutonomyTable.load(tmp_path / "autonomy.yaml")
