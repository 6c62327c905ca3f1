"""Votes against obligations: one person is one approval, nobody is wasted, a rejection wins."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.approval import rejected_by, tally
from policy.cedar import PolicyEngine
from policy.types import Actor, Allow, CastVote, Deny, Obligation
from tests.policy.builders import an_actor

OPS = Obligation(rule="ops", count=1, group="operators")
OPS_SELF = Obligation(rule="ops-self", count=1, group="operators", allow_requester=True)
SRE = Obligation(rule="sre", count=1, group="sre")
LEADS = Obligation(rule="leads", count=2, group="sre-leads")


def yes(ident: str, *groups: str) -> CastVote:
    return CastVote(voter=an_actor(ident, *groups), approve=True)


def no(ident: str, *groups: str) -> CastVote:
    return CastVote(voter=an_actor(ident, *groups), approve=False)


@pytest.mark.parametrize(
    ("obligations", "votes", "missing"),
    [
        ([OPS], [], [1]),
        ([OPS], [yes("A", "operators")], [0]),
        ([OPS], [yes("A", "sre")], [1]),
        ([OPS], [yes("U-requester", "operators")], [1]),
        ([OPS_SELF], [yes("U-requester", "operators")], [0]),
        ([LEADS], [yes("A", "sre-leads"), yes("A", "sre-leads")], [1]),
        ([LEADS], [yes("A", "sre-leads"), yes("B", "sre-leads"), yes("C", "sre-leads")], [0]),
        ([OPS, SRE], [yes("A", "operators", "sre")], [0, 1]),
        ([OPS, SRE], [yes("A", "operators", "sre"), yes("B", "operators")], [0, 0]),
        (
            [SRE, LEADS],
            [yes("A", "sre", "sre-leads"), yes("B", "sre-leads")],
            [1, 0],
        ),  # the larger place is filled first
        ([SRE, LEADS], [yes("A", "sre", "sre-leads"), yes("B", "sre-leads"), yes("C", "sre-leads")], [0, 0]),
        ([OPS], [yes("A", "operators"), no("B", "operators")], [1]),
        ([OPS], [no("A", "operators"), yes("A", "operators")], [1]),
        ([OPS], [yes("A", "operators"), no("B")], [0]),
        ([OPS], [yes("A", "operators"), no("U-requester")], [1]),
        ([], [], []),
    ],
)
def test_votes_are_counted(
    engine: PolicyEngine, obligations: list[Obligation], votes: list[CastVote], missing: list[int]
) -> None:
    """What each obligation still lacks, in order."""
    counted = tally(obligations, votes, requester="U-requester", tenant="T-here", judge=engine)
    assert [one.missing for one in counted] == missing


def test_people_who_count_are_named_where_they_count(engine: PolicyEngine) -> None:
    """A is needed for sre because only A is of it, though A came first and leads were open."""
    votes = [yes("A", "sre", "sre-leads"), yes("B", "sre-leads"), yes("C", "sre-leads")]
    leads, sre = tally([LEADS, SRE], votes, requester=None, tenant="T-here", judge=engine)
    assert (set(leads.voters), sre.voters) == ({"B", "C"}, ("A",))


def test_bots_and_foreigners_never_count(engine: PolicyEngine) -> None:
    """Not for, and not against."""
    bot, foreigner = an_actor("B", "operators", is_bot=True), an_actor("F", "operators", tenant="T-elsewhere")
    for approve in (True, False):
        votes = [CastVote(voter=one, approve=approve) for one in (bot, foreigner)]
        assert tally([OPS], votes, requester=None, tenant="T-here", judge=engine)[0].missing == 1
        assert rejected_by([OPS], votes, requester=None, tenant="T-here", judge=engine) is None


class _GroupsOnly:
    """Counts by membership alone, so that thousands of random tallies stay quick."""

    def may_vote(
        self, voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool
    ) -> Allow | Deny:
        return Allow(because=()) if group in voter.groups else Deny(because=())


@settings(max_examples=200)
@given(
    counts=st.lists(st.integers(1, 2), min_size=1, max_size=3),
    members=st.lists(st.sets(st.integers(0, 2), max_size=3), max_size=5),
)
def test_no_other_seating_would_meet_more(counts: list[int], members: list[set[int]]) -> None:
    """Compared with trying every assignment of people to obligations."""
    obligations = [Obligation(rule=f"r{n}", count=count, group=f"g{n}") for n, count in enumerate(counts)]
    votes = [yes(f"U{n}", *(f"g{group}" for group in groups)) for n, groups in enumerate(members)]
    counted = tally(obligations, votes, requester=None, tenant="T-here", judge=_GroupsOnly())
    names = [name for one in counted for name in one.voters]
    assert len(names) == len(set(names))
    assert all(one.have <= one.obligation.count for one in counted)
    best = 0
    for seats in itertools.product(range(-1, len(counts)), repeat=len(members)):
        if all(seat < 0 or seat in groups for seat, groups in zip(seats, members, strict=True)):
            best = max(best, sum(min(seats.count(n), count) for n, count in enumerate(counts)))
    assert len(names) == best
