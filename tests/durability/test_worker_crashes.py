"""A worker that dies or breaks between two writes about an approved call, on both engines."""

import asyncio

import pytest

from bot.lifecycle.hooks import CallHooks, Hooks
from bot.orchestrator.executing import Executing
from storage import steps
from storage.db import Database
from storage.errors import LostRace
from storage.records import Proposal, ProposalState, StepKind, TaskState
from storage.tables import tasks as tasks_table
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import LEASE, Office
from tools.contract import ToolFailed
from tools.outcomes import Denied

__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


async def _lease_runs_out(office: Office, proposal: Proposal) -> None:
    async with office.db.write() as tx:
        await tx.run(tasks_table.update().where(tasks_table.c.id == proposal.task_id).values(owner=None))


async def _dies(*_: object) -> bool:
    raise asyncio.CancelledError


async def _executed_by_one_that_dies(office: Office) -> None:
    task = await office.claim()
    assert task is not None
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(Executing, "_record", _dies)
        with pytest.raises(asyncio.CancelledError):
            await office.worker()._work(Hooks(task, LEASE))


async def test_a_refused_call_does_not_run_after_a_crash_when_the_rules_would_let_it_again(office: Office) -> None:
    """The card said "nothing ran"; an approver who is back in the group by then changes nothing about it."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    office.staff.groups["U0DANA"] = set()
    await _executed_by_one_that_dies(office)
    assert (await office.again(proposal)).state is ProposalState.REFUSED
    office.staff.groups["U0DANA"] = {"operators"}
    await _lease_runs_out(office, proposal)
    await office.work()
    assert office.lab.effects == []
    assert (await office.again(proposal)).state is ProposalState.REFUSED
    assert await office.results(proposal) == ["denied"]
    assert (await office.task(proposal)).state is TaskState.COMPLETED


async def test_a_failed_check_before_the_run_stays_failed_after_a_crash(office: Office) -> None:
    """The same for a call whose last look at the target failed."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    office.lab.preview_fails = ToolFailed("the target does not answer", effect_possible=False, reason="away")
    await _executed_by_one_that_dies(office)
    assert (await office.again(proposal)).state is ProposalState.FAILED
    office.lab.preview_fails = None
    await _lease_runs_out(office, proposal)
    await office.work()
    assert office.lab.effects == []
    assert await office.results(proposal) == ["failed"]


async def test_an_approved_call_survives_a_people_lookup_that_breaks_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack does not say who is who for a moment: nothing ran, so it is tried again and no person is bothered."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)

    async def away(*_: object) -> None:
        raise RuntimeError("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(office.staff, "actor", away)
        await office.work()
    assert office.lab.effects == []
    task = await office.task(proposal)
    assert (task.state, task.owner) == (TaskState.EXECUTING, None)
    assert (await office.again(proposal)).state is ProposalState.APPROVED
    async with office.db.write() as tx:
        await tx.run(tasks_table.update().values(due_at=0))
    await office.work()
    assert len(office.lab.effects) == 1
    assert (await office.again(proposal)).state is ProposalState.RAN


async def test_a_worker_that_lost_its_task_adds_nothing_to_the_transcript(office: Office, db: Database) -> None:
    """It slept past its lease before a call that policy refuses; the other worker's transcript stays as it is."""
    task = await office.ask()
    claimed = await office.claim("sleeper")
    assert claimed is not None
    async with db.write() as tx:
        await tx.run(tasks_table.update().values(state="queued", owner=None, fence=claimed.fence + 1))
    await office.claim("other")
    hooks = CallHooks(Hooks(claimed, LEASE), "c1", "lab.set")
    with pytest.raises(LostRace):
        async with db.write() as tx:
            await hooks.settled(tx, Denied(because=("x",), message="no"))
    async with db.read() as tx:
        assert [s.kind for s in await steps.of_task(tx, task)] == [StepKind.USER]
