"""Undo: once, by those who could have approved, and never a way around approvals."""

import asyncio

import pytest

from bot.orchestrator import sweeps
from bot.orchestrator.requests import Said, Verdict
from storage import proposals
from storage.records import Proposal, ProposalState, TaskState
from tests.builders import TENANT
from tests.orchestrator.late import make_late
from tests.orchestrator.office import Office
from tests.tools.asking import bodies
from tests.tools.spy import Lab, broken_before, never_arrived
from tools.sealing import open_seal


async def test_undo_restores_and_says_so(office: Office) -> None:
    done = await office.ran()
    assert office.lab.state["checkout"] == 7
    assert (await office.undo("U0DANA", done)).said is Said.DONE
    assert await office.work()
    assert office.lab.state["checkout"] == 1
    assert [e[2] for e in office.lab.effects] == [7, 1]
    inverse = await office.again(done)
    assert inverse.undone_by is not None


@pytest.mark.parametrize("who", ["U0RILEY", "U0NOOR", "U0GONE"])
async def test_an_outsider_cannot_undo(office: Office, who: str) -> None:
    done = await office.ran()
    answer = await office.undo(who, done)
    assert answer.said is Said.REFUSED and not await office.work()
    assert [b["who"] for b in await bodies(office.db, "undo_refused")] == [who]


async def test_the_requester_may_undo(office: Office) -> None:
    """Going back must be easier than going forward."""
    done = await office.ran()
    assert (await office.undo("U0ANA", done)).said is Said.DONE and await office.work()
    assert office.lab.state["checkout"] == 1


async def test_ten_presses_are_one_undo(office: Office) -> None:
    done = await office.ran()
    answers = await asyncio.gather(*(office.undo("U0DANA" if n % 2 else "U0SAM", done) for n in range(10)))
    assert [a.said for a in answers].count(Said.DONE) == 1
    assert {a.said for a in answers} == {Said.DONE, Said.STALE}
    while await office.work():
        pass
    assert len(office.lab.effects) == 2
    assert (await office.undo("U0DANA", done)).said is Said.STALE


async def test_an_undo_is_not_undone_by_one_press(office: Office) -> None:
    """Else the requester could bring an approved-and-undone change back alone."""
    done = await office.ran()
    await office.undo("U0ANA", done)
    await office.work()
    async with office.db.read() as tx:
        inverse = await proposals.get(tx, TENANT, (await office.again(done)).undone_by or "")
    assert inverse.state is ProposalState.RAN and open_seal(inverse).undo is None
    answer = await office.undo("U0ANA", inverse)
    assert answer.said is Said.REFUSED and not await office.work()
    assert office.lab.state["checkout"] == 1


async def test_what_did_not_run_cannot_be_undone(office: Office) -> None:
    assert (await office.undo("U0DANA", await office.proposed())).said is Said.STALE


async def test_a_failed_undo_may_be_pressed_again(office: Office) -> None:
    done = await office.ran()
    office.lab.troubles = [broken_before]
    await office.undo("U0DANA", done)
    await office.work()
    assert office.lab.state["checkout"] == 7 and (await office.again(done)).undone_by is None
    assert (await office.undo("U0DANA", done)).said is Said.DONE and await office.work()
    assert office.lab.state["checkout"] == 1


async def _waiting_undo(office: Office) -> tuple[Proposal, Proposal]:
    """An undo that the rules let wait: the target moved between press and run."""
    done = await office.ran()
    await office.undo("U0DANA", done)
    office.lab.state["checkout"] = 5
    await office.work()
    async with office.db.read() as tx:
        inverse = await proposals.get(tx, TENANT, (await office.again(done)).undone_by or "")
    assert inverse.state is ProposalState.OPEN and inverse.undoes == done.id
    return done, inverse


@pytest.mark.parametrize("how", ["reject", "stop", "expire"])
async def test_an_undo_that_is_turned_down_is_offered_again(office: Office, how: str) -> None:
    """Its task ends and no brain goes on with it; the change can still be taken back."""
    done, inverse = await _waiting_undo(office)
    match how:
        case "reject":
            assert (await office.reject("U0SAM", inverse)).said is Said.DONE
        case "stop":
            assert await office.desk.stop(TENANT, inverse.task_id, "U0ANA")
        case "expire":
            inverse = await make_late(office, inverse)
            assert await sweeps.expire(office.db) == 1
    assert (await office.task(inverse)).state is TaskState.CANCELLED
    assert not await office.work() and (await office.again(done)).undone_by is None
    office.lab.state["checkout"] = 7
    assert (await office.undo("U0SAM", done)).said is Said.DONE and await office.work()
    assert office.lab.state["checkout"] == 1


async def test_an_undo_whose_target_moved_asks_and_then_runs(office: Office) -> None:
    done, inverse = await _waiting_undo(office)
    assert (await office.edit("U0SAM", inverse, value=3)).said is Said.REFUSED
    assert (await office.approve("U0DANA", inverse)).said is Said.DONE and await office.work()
    assert office.lab.state["checkout"] == 1
    assert (await office.again(done)).undone_by == inverse.id


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_a_doubtful_undo_is_ended_by_a_person(office: Office, verdict: Verdict, lab: Lab) -> None:
    """Happened: undone. Otherwise Undo is offered again; it never runs a second time by itself."""
    done = await office.ran()
    lab.troubles, lab.check_works = [never_arrived], False
    await office.undo("U0DANA", done)
    await office.work()
    async with office.db.read() as tx:
        inverse = await proposals.get(tx, TENANT, (await office.again(done)).undone_by or "")
    assert inverse.state is ProposalState.IN_DOUBT
    lab.check_works = True
    assert (await office.resolve("U0RILEY", inverse, verdict)).said is Said.REFUSED
    assert (await office.resolve("U0DANA", inverse, verdict)).said is Said.DONE
    assert (await office.task(inverse)).state is TaskState.COMPLETED and not await office.work()
    assert len(lab.effects) == 1
    assert ((await office.again(done)).undone_by is None) is (verdict is not Verdict.HAPPENED)


async def test_an_undo_of_what_was_changed_since_asks_before_it_runs(office: Office) -> None:
    """Undo restores what was there before its call; a later change of somebody else must not go unseen with it."""
    done = await office.ran()
    office.lab.state["checkout"] = 5
    answer = await office.undo("U0ANA", done)
    assert answer.said is Said.STALE and "changed since" in answer.message
    assert not await office.work() and office.lab.state["checkout"] == 5
    async with office.db.read() as tx:
        inverse = await proposals.get(tx, TENANT, (await office.again(done)).undone_by or "")
        assert await proposals.votes_on(tx, TENANT, inverse.id) == [], "nobody had seen what is lost"
    moved = open_seal(inverse).moved
    assert inverse.state is ProposalState.OPEN
    assert [(row.before, row.after) for row in moved] == [("checkout is 7", "checkout is 5")]
    assert (await office.approve("U0ANA", inverse)).said is Said.DONE and await office.work()
    assert office.lab.state["checkout"] == 1
