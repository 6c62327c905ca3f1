"""Cases 10–12, 16–18: whose press counts, once, and what two presses at once come to."""

import asyncio
from dataclasses import replace

import pytest

from bot.orchestrator.requests import Said
from storage import posts, proposals, tasks
from storage.records import ProposalState, TaskState
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.tools.asking import bodies, entries, tamper


async def test_one_entitled_approval_runs_it_once(office: Office) -> None:
    proposal = await office.proposed()
    answer = await office.approve("U0DANA", proposal)
    assert answer.said is Said.DONE and (await office.task(proposal)).state is TaskState.EXECUTING
    assert await office.work() and not await office.work()
    assert [e[:3] for e in office.lab.effects] == [("lab.set", "checkout", 7)]
    assert (await office.again(proposal)).state is ProposalState.RAN
    assert (await office.task(proposal)).state is TaskState.COMPLETED
    assert await office.results(proposal) == ["ran"]


@pytest.mark.parametrize(
    ("who", "rule"), [("U0RILEY", ""), ("U0NOOR", ""), ("U0ANA", "deny-own-vote"), ("U0GONE", "builtin:unknown-person")]
)
async def test_a_press_that_does_not_count_changes_nothing_and_is_audited(office: Office, who: str, rule: str) -> None:
    """Outsiders, another group, the requester, and nobody at all: approve by each is refused in words."""
    proposal = await office.proposed()
    answer = await office.approve(who, proposal)
    assert answer.said is Said.REFUSED and answer.message
    if rule:
        assert rule in answer.rules
    assert await office.again(proposal) == proposal
    [body] = await bodies(office.db, "vote_refused")
    assert (body["who"], body["proposal"]) == (who, proposal.id)
    async with office.db.read() as tx:
        assert await proposals.votes_on(tx, TENANT, proposal.id) == []


async def test_a_rejection_ends_it_and_the_brain_hears_who_and_why(office: Office) -> None:
    """The reason people type is kept without secrets."""
    proposal = await office.proposed()
    assert (await office.reject("U0RILEY", proposal)).said is Said.REFUSED
    answer = await office.reject("U0DANA", proposal, "not now, password=hunter2hunter2 \x00")
    assert answer.said is Said.DONE
    ended = await office.again(proposal)
    assert ended.state is ProposalState.REJECTED and "hunter2" not in ended.outcome
    await office.work()
    assert office.lab.effects == [] and await office.results(proposal) == ["rejected"]
    assert "hunter2" not in str([e.body for e in await entries(office.db)])


async def test_a_requester_may_withdraw(office: Office) -> None:
    proposal = await office.proposed()
    assert (await office.reject("U0ANA", proposal)).said is Said.DONE
    assert (await office.again(proposal)).state is ProposalState.REJECTED


async def test_two_people_at_once_are_two_votes(office: Office) -> None:
    """Neither may overlook the other: each sees the other's vote only inside its own transaction."""
    office.lab.users = 40
    for _ in range(5):
        proposal = await office.proposed()
        answers = await asyncio.gather(*(office.approve(who, proposal) for who in ("U0DANA", "U0SAM", "U0NOOR")))
        assert (await office.again(proposal)).state is ProposalState.APPROVED, answers
        assert sorted(a.said for a in answers) == [Said.COUNTED, Said.COUNTED, Said.DONE]
        await office.reject("U0ANA", proposal)


async def test_one_person_of_two_groups_is_one_vote(office: Office) -> None:
    """Sam alone meets neither both obligations nor two places of one."""
    office.lab.users = 40
    proposal = await office.proposed()
    for _ in range(3):
        answer = await office.approve("U0SAM", proposal)
        assert answer.said is Said.COUNTED and "needs" in answer.message
    assert (await office.again(proposal)).state is ProposalState.OPEN
    assert len(await bodies(office.db, "voted")) == 1


async def test_a_double_click_is_one_vote_and_a_polite_answer(office: Office) -> None:
    """Ten presses of one person at once, half of them the very same delivery."""
    office.lab.users = 40
    proposal = await office.proposed()
    answers = await asyncio.gather(
        *(office.approve("U0DANA", proposal, key="same" if n % 2 else f"own-{n}") for n in range(10))
    )
    assert {a.said for a in answers} <= {Said.COUNTED, Said.DUPLICATE}
    async with office.db.read() as tx:
        votes = await proposals.votes_on(tx, TENANT, proposal.id)
    assert [v.voter for v in votes] == ["U0DANA"] and len(await bodies(office.db, "voted")) == 1


async def test_approve_and_reject_at_once_end_in_one_state(office: Office) -> None:
    """Case 16, many rounds: while no worker has taken it up the No wins; it never runs and never hangs."""
    for number in range(16):
        proposal = await office.proposed("U0ANA" if number % 2 else "U0RILEY")
        yes, no = await asyncio.gather(office.approve("U0DANA", proposal), office.reject("U0SAM", proposal))
        assert no.said is Said.DONE and yes.said in (Said.DONE, Said.STALE)
        assert (await office.again(proposal)).state is ProposalState.REJECTED
        while await office.work():
            pass
        assert await office.results(proposal) == ["rejected"]
    assert office.lab.effects == []


async def test_a_no_that_races_the_worker_either_stops_it_or_comes_too_late(office: Office) -> None:
    """One of two ends, both whole: rejected and not run, or run and told so."""
    for number in range(12):
        proposal = await office.proposed("U0ANA" if number % 2 else "U0RILEY")
        await office.approve("U0DANA", proposal)
        before = len(office.lab.effects)
        no, _ = await asyncio.gather(office.reject("U0SAM", proposal), office.work())
        while await office.work():
            pass
        ended = await office.again(proposal)
        ran = len(office.lab.effects) - before
        if no.said is Said.DONE:
            assert (ended.state, ran) == (ProposalState.REJECTED, 0)
        else:
            assert (no.said, ended.state, ran) == (Said.STALE, ProposalState.RAN, 1)
        office.lab.state["checkout"] = 1


async def test_a_press_on_a_card_that_ended_is_refused_and_redrawn(office: Office) -> None:
    """Superseded, expired and not yet swept, expired, cancelled, rejected, ran."""
    superseded = await office.proposed()
    assert (await office.edit("U0DANA", superseded, value=9)).said is Said.DONE
    cancelled = await office.proposed()
    await office.desk.stop(TENANT, cancelled.task_id, "U0ANA")
    rejected = await office.proposed()
    await office.reject("U0DANA", rejected)
    done = await office.ran()
    for proposal in (superseded, cancelled, rejected, done):
        for press in (office.approve, office.reject):
            answer = await press("U0SAM", proposal)
            assert answer.said is Said.STALE and answer.message, proposal.state
    assert len(office.lab.effects) == 1


async def test_the_message_that_was_pressed_is_sent_again_whatever_it_shows(office: Office) -> None:
    """It may be a copy that Slack never updated."""
    old = await office.proposed()
    await office.reject("U0DANA", old)
    await tamper(office.db, "update posts set ts = '9.9', shown = wanted where kind = 'card'")
    answer = await office.desk.approve(replace(office.click("U0SAM", old), channel="C0INC", message_ts="9.9"))
    assert answer.said is Said.STALE
    async with office.db.read() as tx:
        card = await posts.at(tx, TENANT, "C0INC", "9.9")
    assert card is not None and card.shown == 0 < card.wanted


async def test_a_press_after_expiry_is_refused_before_the_sweep_and_after(office: Office) -> None:
    """By the database's clock."""
    from bot.orchestrator import sweeps
    from tests.orchestrator.late import make_late

    proposal = await make_late(office, await office.proposed())
    answer = await office.approve("U0DANA", proposal)
    assert answer.said is Said.STALE and "expired" in answer.message
    assert (await office.edit("U0DANA", proposal, value=9)).said is Said.STALE
    assert await sweeps.expire(office.db) == 1
    assert (await office.approve("U0DANA", proposal)).said is Said.STALE
    await office.work()
    assert await office.results(proposal) == ["expired"] and office.lab.effects == []


async def test_a_proposal_of_another_tenant_does_not_exist(office: Office) -> None:
    """Knowing the id is not enough, whatever is pressed."""
    proposal = await office.proposed()
    for press in (office.desk.approve, office.desk.undo):
        assert (await press(office.click("U0DANA", proposal, tenant="T0OTHER"))).said is Said.STALE
    assert (await office.desk.reject(office.click("U0DANA", proposal, tenant="T0OTHER"), "")).said is Said.STALE
    assert await office.again(proposal) == proposal


async def test_a_vote_on_a_changed_seal_is_refused_and_audited(office: Office) -> None:
    proposal = await office.proposed()
    await tamper(office.db, "update proposals set sealed = replace(sealed, '7', '9')")
    for answer in (
        await office.approve("U0DANA", proposal),
        await office.edit("U0DANA", proposal, value=9),
        await office.reject("U0DANA", proposal),
    ):
        assert answer.said is Said.REFUSED and answer.rules == ("builtin:seal",)
    assert len(await bodies(office.db, "vote_refused")) == 2 and len(await bodies(office.db, "edit_refused")) == 1


async def test_approvals_that_become_enough_are_counted_at_the_next_press(office: Office) -> None:
    """Dana was out of the group when Sam voted; back again, a second press finds that all is there."""
    office.lab.users = 40
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    office.staff.groups["U0DANA"] = set()
    await office.approve("U0SAM", proposal)
    assert (await office.approve("U0NOOR", proposal)).said is Said.COUNTED
    office.staff.groups["U0DANA"] = {"operators"}
    assert (await office.approve("U0NOOR", proposal)).said is Said.DONE


async def test_what_another_person_says_in_the_thread_does_not_borrow_the_requesters_name(office: Office) -> None:
    """An operator could else ask in Ana's task and approve their own wish; the words become their own task."""
    first = await office.ask("U0ANA", thread="5.0")
    again = await office.ask("U0ANA", text="and search?", thread="5.0")
    other = await office.ask("U0DANA", text="set checkout to 0", thread="5.0")
    assert again.id == first.id and other.id != first.id and other.requester == "U0DANA"


async def test_one_delivery_is_one_task_however_it_arrives(office: Office) -> None:
    """Twenty times at once under two names of which one is shared."""
    from dataclasses import replace

    base = office.request(key="unused")
    found = await asyncio.gather(
        *(office.desk.submit(replace(base, keys=(f"event-{n}", "C0INC:1.0"))) for n in range(20))
    )
    assert len([task for task in found if task is not None]) == 1
    async with office.db.read() as tx:
        assert len(await tasks.recent(tx, TENANT)) == 1
