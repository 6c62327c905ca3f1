"""Keys, codes and the count: pure."""

import pytest

from bot.factors import totp
from bot.factors.keys import Keys, WrongKey, new_key
from bot.factors.step_up import BadStepUp, read
from policy.approval import tally
from policy.types import Actor, Allow, CastVote, Deny, Obligation, StepUp
from storage.step_ups import StepUpLink


def test_a_secret_opens_for_its_owner_and_key_only() -> None:
    keys = Keys(new_key())
    shut = keys.shut("JBSWY3DP", "T1", "U1")
    assert "JBSWY3DP" not in shut and keys.opened(shut, "T1", "U1") == "JBSWY3DP"
    for other, owner in (
        (Keys(new_key()), ("T1", "U1")),
        (keys, ("T1", "U2")),
        (keys, ("T1U1", "")),
        (keys, ("T2", "U1")),
    ):
        with pytest.raises(WrongKey):
            other.opened(shut, *owner)
    with pytest.raises(WrongKey):
        keys.opened("AAAA", "T1", "U1")


def test_one_key_follows_another_and_nothing_is_lost() -> None:
    """What the older key signed and shut counts while it stands behind the newer one, and not a moment longer."""
    old, new = new_key(), new_key()
    before, overlap, after = Keys(old), Keys(f"{new}, {old}"), Keys(new)
    shut = before.shut("JBSWY3DP", "T1", "U1")
    assert overlap.opened(shut, "T1", "U1") == "JBSWY3DP" and not overlap.is_newest(shut, "T1", "U1")
    again = overlap.shut("JBSWY3DP", "T1", "U1")
    assert overlap.is_newest(again, "T1", "U1") and after.opened(again, "T1", "U1") == "JBSWY3DP"
    for keys, closed in ((after, shut), (before, again)):
        with pytest.raises(WrongKey):
            keys.opened(closed, "T1", "U1")
    link = StepUpLink(id="u_1", tenant="T1", proposal_id="p", person="U1", tries=0, expires_at=9.0, used_at=None)
    made = {key: read(key, "https://ops.example", None) for key in (old, f"{new},{old}", new)}
    token = made[old].token(link)
    assert [means.signed(token, link) for means in made.values()] == [True, True, False]
    assert made[f"{new},{old}"].token(link) == made[new].token(link) != token
    assert [one.sign("state", "c") for one in overlap.each()] == [after.sign("state", "c"), before.sign("state", "c")]


@pytest.mark.parametrize(
    ("key", "console", "why"),
    [
        ("short", "https://ops.example", "32|characters"),
        (f"{'k' * 40},short", "https://ops.example", "has 5 characters"),
        ("k" * 40, "http://ops.example", "https"),
    ],
)
def test_means_that_would_prove_nothing_are_refused(key: str, console: str, why: str) -> None:
    with pytest.raises(BadStepUp, match=why):
        read(key, console, None)


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238's own example, cut to six digits; one step to each side is taken, spaces are not looked at."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp.code(secret, 59) == "287082" and totp.step_of("287 082", secret, 59) == 1
    assert totp.step_of("287082", secret, 89) == 1 and totp.step_of("287082", secret, 120) is None
    for wrong in ("", "28708", "2870822", "٢٨٧٠٨٢", "28708a"):
        assert totp.step_of(wrong, secret, 59) is None


class _AnybodyMay:
    def may_vote(
        self, voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool
    ) -> Allow | Deny:
        return Allow(because=())


def test_only_an_approval_with_a_factor_counts_for_what_takes_one() -> None:
    """And it counts there first: who proved one is not seated where anybody would do."""
    factor = Obligation(rule="a", count=1, group="operators", step_up=StepUp.REQUIRED)
    plain = Obligation(rule="b", count=1, group="operators")
    dana, ana = (Actor(id=who, tenant="T") for who in ("U0DANA", "U0ANA"))

    def missing(*proven: bool) -> int:
        votes = [CastVote(voter=who, approve=True, stepped_up=up) for who, up in zip((ana, dana), proven, strict=True)]
        states = tally([plain, factor], votes, requester=None, tenant="T", judge=_AnybodyMay())
        return sum(state.missing for state in states)

    assert [missing(False, False), missing(True, False), missing(False, True), missing(True, True)] == [1, 0, 0, 0]
    assert factor.in_words == "1 of @operators with a second factor"
