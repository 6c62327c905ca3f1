"""Groups out of several sources: combined, never guessed, and one person is one approval."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.build import build
from bot.people.listed import Listed
from bot.people.roster import AnyOf, FirstOf, OneOf, Roster
from bot.people.source import Names, Source, SourceDown
from bot.settings import BadSettings
from policy.approval import tally
from policy.people import CannotAsk, unasked
from policy.types import Actor, Allow, CastVote, Deny, Obligation
from tests.people.conftest import NAMES, TENANT, Workspace


class Down:
    """A source that never answers."""

    async def names(self, at: datetime) -> Names:
        raise SourceDown("'phone' did not answer within 1 s")


LEADS, NOBODY = Listed(people=frozenset({"U0SAM", "noor@acme.example"})), Listed(people=frozenset())
DANA = Listed(people=frozenset({"dana@acme.example"}))
GONE = Listed(people=frozenset({"left@acme.example"}))
ONE, TWO = OneOf(source="one"), OneOf(source="two")


def a_roster(workspace: Workspace, one: Source, two: Source, wanted: OneOf | FirstOf | AnyOf) -> Roster:
    return Roster(directory=workspace, sources={"one": one, "two": two}, groups={"leads": wanted})


@pytest.mark.parametrize(
    ("one", "two", "wanted", "ids", "asked"),
    [
        (DANA, LEADS, FirstOf(parts=(ONE, TWO)), {"U0DANA"}, True),
        (NOBODY, LEADS, FirstOf(parts=(ONE, TWO)), {"U0SAM", "U0NOOR"}, True),
        (GONE, LEADS, FirstOf(parts=(ONE, TWO)), {"U0SAM", "U0NOOR"}, True),
        (Down(), LEADS, FirstOf(parts=(ONE, TWO)), set(), False),  # who knows whether somebody is on call
        (DANA, Down(), FirstOf(parts=(ONE, TWO)), {"U0DANA"}, True),
        (DANA, LEADS, AnyOf(parts=(ONE, TWO)), {"U0DANA", "U0SAM", "U0NOOR"}, True),
        (DANA, Down(), AnyOf(parts=(ONE, TWO)), {"U0DANA"}, False),
        (NOBODY, DANA, FirstOf(parts=(ONE, AnyOf(parts=(TWO,)))), {"U0DANA"}, True),
    ],
)
async def test_who_is_in_a_combined_group(
    workspace: Workspace, one: Source, two: Source, wanted: FirstOf, ids: set[str], asked: bool
) -> None:
    found = await a_roster(workspace, one, two, wanted).group(TENANT, "leads")
    assert found.ids == ids
    assert (not found.why) is asked


async def test_a_silent_source_says_so_only_to_those_it_could_have_named(workspace: Workspace) -> None:
    """Whoever another source names is in; of the others nobody can tell."""
    roster = a_roster(workspace, DANA, Down(), AnyOf(parts=(ONE, TWO)))
    dana, kim = await roster.actor(TENANT, "U0DANA"), await roster.actor(TENANT, "U0KIM")
    assert dana is not None
    assert dana.groups == {"leads"}
    assert dana.unasked == ()
    words = "nobody can say who is in @leads right now: 'phone' did not answer within 1 s"
    assert unasked(kim, {"leads"}) == words
    assert unasked(kim, {"operators"}) == ""
    with pytest.raises(CannotAsk, match="nobody can say who is in @leads"):
        await roster.members(TENANT, "leads")


async def test_the_file_decides_its_own_groups_and_slack_the_others(workspace: Workspace) -> None:
    workspace.groups = {"leads": {"U0KIM"}, "operators": {"U0KIM"}}
    kim = await a_roster(workspace, DANA, LEADS, ONE).actor(TENANT, "U0KIM")
    assert kim is not None
    assert kim.groups == {"operators"}


async def test_whoever_left_the_workspace_is_nobody_whatever_a_schedule_says(workspace: Workspace) -> None:
    """SECURITY 13."""
    roster = a_roster(workspace, Listed(people=frozenset({"U0DANA"})), LEADS, ONE)
    del workspace.ids["dana@acme.example"]
    assert await roster.actor(TENANT, "U0DANA") is None
    assert await roster.actor("T0OTHER", "U0SAM") is None


async def test_addresses_that_slack_cannot_look_up_let_nobody_through(workspace: Workspace) -> None:
    workspace.silent = True
    found = await a_roster(workspace, DANA, LEADS, ONE).group(TENANT, "leads")
    assert (found.ids, found.why) == (frozenset(), "slack does not say who is who (ratelimited)")


async def test_an_address_of_nobody_is_reported(workspace: Workspace) -> None:
    found = await a_roster(workspace, GONE, LEADS, ONE).group(TENANT, "leads")
    assert found.strangers == {"left@acme.example"}


class EveryoneOfTheGroup:
    """Counts whoever is in the group."""

    def may_vote(
        self, voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool
    ) -> Allow | Deny:
        return Allow(because=("r",)) if group in voter.groups else Deny(because=("no",))


_WRITTEN = st.sampled_from([spelling for n in NAMES for spelling in (f"U0{n.upper()}", f"{n}@acme.example")])
_SOURCES = st.lists(st.frozensets(_WRITTEN), min_size=1, max_size=5)
_VOTES = st.lists(st.sampled_from([f"U0{n.upper()}" for n in NAMES]), max_size=12)


@given(first=_SOURCES, second=_SOURCES, votes=_VOTES, counts=st.tuples(st.integers(1, 3), st.integers(1, 3)))
async def test_one_person_counts_once_however_many_sources_name_them(
    first: list[Names], second: list[Names], votes: list[str], counts: tuple[int, int]
) -> None:
    """SECURITY 12: by id, by address, in two groups, pressing twice: never more approvals than people."""
    named = {f"a{n}": Listed(people=s) for n, s in enumerate(first)}
    named |= {f"b{n}": Listed(people=s) for n, s in enumerate(second)}
    groups = {
        which: AnyOf(parts=tuple(OneOf(source=name) for name in named if name.startswith(which))) for which in "ab"
    }
    roster = Roster(directory=Workspace(), sources=dict(named), groups=groups)
    actors = {user: await roster.actor(TENANT, user) for user in set(votes)}
    cast = [CastVote(voter=actor, approve=True) for user in votes if (actor := actors[user]) is not None]
    owed = [Obligation(rule=which, count=n, group=which) for which, n in zip("ab", counts, strict=True)]
    states = tally(owed, cast, requester=None, tenant=TENANT, judge=EveryoneOfTheGroup())
    seated = [user for state in states for user in state.voters]
    assert len(seated) == len(set(seated))
    members = {
        which: {f"U0{n.split('@')[0].upper().removeprefix('U0')}" for s in of for n in s}
        for which, of in (("a", first), ("b", second))
    }
    for state in states:
        assert set(state.voters) <= members[state.obligation.group] & set(votes)


async def test_the_sample_in_the_docs_is_a_groups_file_that_works(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/groups.yaml and docs/rota.yaml, as they are."""
    docs = Path(__file__).parents[2] / "docs"
    environ = {"PAGERDUTY_TOKEN": "a", "OPSGENIE_KEY": "b", "HOLIDAYS_ICS_URL": "https://calendar.example/x.ics"}
    async with httpx.AsyncClient() as client:
        roster = build(
            docs / "groups.yaml",
            environ=environ,
            client=client,
            directory=workspace,
            tenant=TENANT,
            clock=lambda: datetime(2026, 3, 4, 12, tzinfo=UTC),
        )
        found = await roster.source(TENANT, "platform-rota")
    assert not found.why
    assert found.ids | found.strangers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("groups: {sre: nowhere}\nsources: {}", "'nowhere', which is not there; known: none"),
        ("groups: {sre: {first_of: [a, {any_of: [b]}]}}\nsources: {a: {list: [U0DANA]}}", "names source 'b'"),
        ("groups: {sre: {one_of: [a]}}\nsources: {a: {list: [U0DANA]}}", "groups.sre"),
        ("groups: [", "is not YAML, line 1"),
        ("people: {}", "see docs/who-may-approve.md"),
    ],
)
async def test_a_file_that_makes_no_sense_is_refused_at_the_start(
    workspace: Workspace, tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "groups.yaml"
    file.write_text(text)
    async with httpx.AsyncClient() as client:
        with pytest.raises(BadSettings, match=says):
            build(file, environ={}, client=client, directory=workspace, tenant=TENANT)
