"""The risk sum: every part in words, the whole between 0 and 100."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.risk import RiskTable, in_words, score
from policy.types import RiskFacts, Tier

TABLE = RiskTable.load()


@pytest.mark.parametrize(
    ("facts", "total", "words"),
    [
        (RiskFacts(tier=Tier.READ, env="dev"), 0, "nothing adds to it"),
        (
            RiskFacts(tier=Tier.REVERSIBLE, env="prod", blast_percent=12, blast_label="12 % of users"),
            34,
            "prod +20, reversible +5, 12 % of users +9",
        ),
        (RiskFacts(tier=Tier.REVERSIBLE, env="staging", has_undo=False), 25, "staging +5, reversible +5, no undo +15"),
        (RiskFacts(tier=Tier.IRREVERSIBLE, env="prod", has_undo=False), 55, "prod +20, irreversible +35"),
        (RiskFacts(tier=Tier.REVERSIBLE, env="moon"), 45, "moon +40, reversible +5"),
        (RiskFacts(tier=Tier.REVERSIBLE, env="dev", blast_percent=1), 8, "reversible +5, 1 % affected +3"),
        (
            RiskFacts(tier=Tier.REVERSIBLE, env="dev", first_time=True, untrusted=True, out_of_hours=True),
            38,
            "reversible +5, first time here +8, value from untrusted text +20, out of hours +5",
        ),
        (RiskFacts(tier=Tier.READ, env="dev", recent_failures=1), 6, "failed once in the last hour +6"),
        (RiskFacts(tier=Tier.READ, env="dev", recent_failures=9), 18, "failed 9 times in the last hour +18"),
        (
            RiskFacts(tier=Tier.IRREVERSIBLE, env="prod", blast_percent=95, untrusted=True),
            100,
            "prod +20, irreversible +35, 95 % affected +35, value from untrusted text +20",
        ),
    ],
)
def test_facts_add_up_in_words(facts: RiskFacts, total: int, words: str) -> None:
    """As the card shows it."""
    risk = score(facts, TABLE)
    assert (risk.score, in_words(risk)) == (total, words)


@given(
    tier=st.sampled_from(Tier),
    env=st.sampled_from(["dev", "staging", "prod", "?"]),
    percent=st.integers(0, 100),
    failures=st.integers(0, 50),
    untrusted=st.booleans(),
)
def test_more_harm_never_scores_lower(tier: Tier, env: str, percent: int, failures: int, untrusted: bool) -> None:
    """Each fact only adds, and the score stays within bounds."""
    calm = score(RiskFacts(tier=tier, env=env), TABLE)
    worse = score(
        RiskFacts(tier=tier, env=env, blast_percent=percent, recent_failures=failures, untrusted=untrusted), TABLE
    )
    assert 0 <= calm.score <= worse.score <= 100


def test_a_table_with_a_misspelt_line_is_refused(tmp_path: Path) -> None:
    """A forgotten fact must not count as zero."""
    (tmp_path / "risk.yaml").write_text("tiers: {read: 0}")
    with pytest.raises(PolicyError, match=r"risk.yaml:1: tiers: no such setting"):
        RiskTable.load(tmp_path / "risk.yaml")
