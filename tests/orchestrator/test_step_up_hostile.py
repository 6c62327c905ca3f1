"""Ways around a second factor: links of others, bent, old or stolen, altered rows, grants, and rules that change."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.orchestrator.requests import Said
from policy.cedar import PolicyEngine
from policy.types import StepUp
from storage import proposals
from storage.records import ProposalState
from tests import migrated
from tests.builders import TENANT
from tests.orchestrator.stepped import LEADS, House, house, strict_engine, strict_rules
from tests.tools.asking import tamper
from tools.granting import never
from tools.rules import Rules
from tools.sealing import SealedUndo, open_seal

__all__ = ["house", "strict_engine", "strict_rules"]
AN_UNDO = SealedUndo(tool="lab.set", arguments={}, says="back", rehearsed_at=1.0, objects=1)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One engine: what differs between them is in test_step_up.py."""
    return f"sqlite:///{migrated.copy_to(tmp_path / 'test.db')}"


async def test_a_press_alone_counts_nothing(house: House) -> None:
    proposal = await house.office.proposed()
    for who in LEADS:
        assert (await house.office.approve(who, proposal)).said is Said.STEP_UP
    assert await house.votes(proposal) == {} and (await house.office.task(proposal)).proposal_id == proposal.id


async def test_a_vote_without_a_factor_never_counts_however_it_came_in(house: House) -> None:
    """The tally itself asks for it: rows written past the front desk, a grant's vote and an old vote meet nothing."""
    proposal = await house.office.proposed()
    async with house.office.db.write() as tx:
        for who in (*LEADS, "U0NOOR"):
            await proposals.vote(tx, tenant=TENANT, proposal_id=proposal.id, voter=who, approve=True)
        await proposals.move(tx, proposal, ProposalState.APPROVED)
    await tamper(house.office.db, "UPDATE tasks SET state = 'executing', owner = NULL")
    assert await house.office.work()
    after = await house.office.again(proposal)
    assert after.state is ProposalState.REFUSED and "with a second factor" in after.outcome
    assert house.office.lab.effects == []


async def test_a_newer_link_ends_the_older(house: House) -> None:
    proposal = await house.office.proposed()
    old, new = await house.token("U0LEA", proposal), await house.token("U0LEA", proposal)
    assert (await house.proving.by_code(old, await house.code("U0LEA"))).said is Said.STALE
    assert (await house.proving.by_code(new, await house.code("U0LEA"))).said is Said.COUNTED


async def test_somebody_elses_code_opens_nothing(house: House) -> None:
    """Liv has Lea's link and proves who she is: it stays Lea's link, and counts nothing."""
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    assert (await house.proving.by_code(token, await house.code("U0LIV"))).said is Said.INVALID
    assert (await house.proving.by_address(token, "liv@ops.example")).said is Said.REFUSED
    assert (await house.proving.by_address(token, "who@else.example")).said is Said.REFUSED
    assert await house.votes(proposal) == {}
    assert len(await house.record("step_up_failed")) == 3


@pytest.mark.parametrize(
    "what",
    ["person = 'U0LIV'", "tenant = 'T0OTHER'", "proposal_id = proposal_id || 'f'", "expires_at = expires_at + 600"],
)
async def test_a_link_whose_row_was_altered_is_not_ours(house: House, what: str) -> None:
    """The signature covers person, seal and time: who can write the table cannot make a link out of another."""
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    await tamper(house.office.db, f"UPDATE step_ups SET {what}")  # noqa: S608  # our own words
    for who in LEADS:
        answer = await house.proving.by_code(token, await house.code(who))
        assert answer.said is Said.STALE and "never made" in answer.message
    assert await house.votes(proposal) == {}


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: f"{t}A", lambda t: t[:20], lambda t: "é" * 9])
async def test_a_token_that_was_bent_is_not_ours(house: House, spoil: object) -> None:
    token = await house.token("U0LEA", await house.office.proposed())
    assert callable(spoil)
    assert await house.proving.link_of(spoil(token)) is None


async def test_a_link_that_is_too_old_counts_nothing(house: House) -> None:
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    # as if time had passed: the row is signed with its expiry, so the test signs it again
    await tamper(house.office.db, "UPDATE step_ups SET expires_at = 1000.0")
    link = replace(await house.link(token), expires_at=1000.0)
    answer = await house.proving.by_code(house.means.token(link), await house.code("U0LEA"))
    assert answer.said is Said.STALE and "too old" in answer.message and await house.votes(proposal) == {}


async def test_who_left_the_group_meanwhile_counts_nothing(house: House) -> None:
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    house.office.staff.groups["U0LEA"] = set()
    assert (await house.proving.by_code(token, await house.code("U0LEA"))).said is Said.REFUSED
    assert await house.votes(proposal) == {}


async def test_what_was_decided_meanwhile_is_not_decided_again(house: House) -> None:
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    await house.office.reject("U0NOOR", proposal, "not now")
    assert (await house.proving.by_code(token, await house.code("U0LEA"))).said is Said.STALE
    link = await house.proving.link_of(token)
    assert link is not None and await house.proving.over(link) is not None
    assert "U0LEA" not in await house.votes(proposal)


async def test_a_seal_that_was_changed_meanwhile_is_not_approved(house: House) -> None:
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    await tamper(house.office.db, "UPDATE proposals SET sealed = replace(sealed, 'lab.drop', 'lab.peel')")
    answer = await house.proving.by_code(token, await house.code("U0LEA"))
    assert answer.said is Said.REFUSED and answer.rules == ("builtin:seal",) and await house.votes(proposal) == {}


async def test_while_nobody_can_say_who_is_who_nothing_counts_and_nothing_breaks(house: House) -> None:
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    house.asleep = "slack sleeps"
    assert (await house.proving.by_address(token, "lea@ops.example")).said is Said.REFUSED
    house.asleep, house.office.staff.lost = "", "slack sleeps"
    assert (await house.proving.by_address(token, "lea@ops.example")).said is Said.REFUSED
    house.office.staff.lost = ""
    assert (await house.proving.by_address(token, "lea@ops.example")).said is Said.COUNTED, "the link still works"


async def test_a_no_takes_no_factor(house: House) -> None:
    proposal = await house.office.proposed()
    assert (await house.office.reject("U0LEA", proposal, "no")).said is Said.DONE


async def test_without_means_or_enrolment_it_is_refused_with_words(house: House) -> None:
    """Closed, and never a dead end without words."""
    proposal = await house.office.proposed()
    house.office.staff.groups["U0NEW"] = {"sre-leads"}
    answer = await house.office.approve("U0NEW", proposal)
    assert answer.said is Said.REFUSED and "approvers enrol U0NEW" in answer.hint
    house.office.desk = replace(house.office.desk, step_up=None)
    answer = await house.office.approve("U0LEA", proposal)
    assert answer.said is Said.REFUSED and "AUTOPILOT_STEP_UP_KEY" in answer.hint
    assert await house.votes(proposal) == {}


async def test_a_factor_set_up_meanwhile_is_asked_for_before_the_run(
    house: House, rules: Rules, lab_engine: PolicyEngine
) -> None:
    """Approved while none was set up; set up before a worker came: people are asked again, with it."""
    office = house.office
    strict, office.gateway.rules = office.gateway.rules, replace(rules, engine=lab_engine)
    proposal = await office.proposed()
    assert open_seal(proposal).obligations[1].step_up is StepUp.NOT_SET_UP
    for who in (*LEADS, "U0NOOR"):
        last = await office.approve(who, proposal)
    assert last.said is Said.DONE
    office.gateway.rules = strict
    assert await office.work() and office.lab.effects == []
    again = await office.of(await office.task(proposal))
    assert again.id != proposal.id and again.state is ProposalState.OPEN
    assert [owed.step_up for owed in open_seal(again).obligations] == [StepUp.NO, StepUp.REQUIRED]


async def test_no_grant_stands_for_a_factor(house: House) -> None:
    sealed = open_seal(await house.office.proposed())
    owed = tuple(one.model_copy(update={"step_up": StepUp.REQUIRED}) for one in sealed.obligations)
    tame = sealed.model_copy(update={"tier": "reversible", "obligations": owed, "undo": AN_UNDO})
    assert "second factor" in never(tame)
    assert never(tame.model_copy(update={"obligations": sealed.obligations[:1]})) == ""


async def test_a_database_alone_gives_nobody_a_factor(house: House) -> None:
    """Liv's ciphertext in Lea's row does not open, so a stolen database write makes nobody an approver."""
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    await tamper(house.office.db, "UPDATE factors SET secret = (SELECT secret FROM factors WHERE person = 'U0LIV')")
    answer = await house.proving.by_code(token, await house.code("U0LIV"))
    assert answer.said is Said.INVALID and "enrolled again" in answer.message and await house.votes(proposal) == {}
