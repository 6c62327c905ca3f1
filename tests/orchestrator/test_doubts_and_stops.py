"""Calls in doubt end by a person's word; Stop ends what waits; a call that kills its workers comes to rest."""

import pytest

from bot.orchestrator import sweeps
from bot.orchestrator.executing import Executing
from bot.orchestrator.requests import Said, Verdict
from storage import intents, proposals, tasks
from storage.records import IntentState, Proposal, ProposalState, TaskState
from tests.builders import TENANT
from tests.orchestrator.office import DONE, Office
from tests.tools.asking import bodies, entries, tamper
from tests.tools.spy import never_arrived
from tools.admitting import validate
from tools.sealing import open_seal


async def _in_doubt(office: Office) -> Proposal:
    proposal = await office.proposed()
    office.lab.troubles, office.lab.check_works = [never_arrived], False
    await office.approve("U0DANA", proposal)
    await office.work()
    office.lab.check_works = True
    doubtful = await office.again(proposal)
    assert doubtful.state is ProposalState.IN_DOUBT
    assert (await office.task(proposal)).state is TaskState.ESCALATED_TO_HUMAN
    return doubtful


@pytest.mark.parametrize(
    ("verdict", "state", "intent", "result"),
    [
        (Verdict.HAPPENED, ProposalState.RAN, IntentState.RAN, "ran"),
        (Verdict.DROP, ProposalState.FAILED, IntentState.DROPPED, "failed"),
    ],
)
async def test_a_persons_word_ends_the_doubt(
    office: Office, verdict: Verdict, state: ProposalState, intent: IntentState, result: str
) -> None:
    """Only an entitled person's, once; the brain goes on with it and nothing runs."""
    proposal = await _in_doubt(office)
    for who in ("U0RILEY", "U0ANA"):
        assert (await office.resolve(who, proposal, verdict)).said is Said.REFUSED
    assert len(await bodies(office.db, "doubt_refused")) == 2
    assert (await office.resolve("U0SAM", proposal, verdict)).said is Said.DONE
    assert (await office.resolve("U0DANA", proposal, verdict)).said is Said.STALE
    async with office.db.read() as tx:
        line = await intents.find(tx, TENANT, f"proposal:{proposal.id}")
    assert line is not None and line.state is intent
    await office.work()
    assert (await office.again(proposal)).state is state and office.lab.effects == []
    assert await office.results(proposal) == [result]


async def test_run_it_asks_again_and_then_runs_once(office: Office) -> None:
    """A new proposal, decided by people like any other."""
    proposal = await _in_doubt(office)
    assert (await office.resolve("U0SAM", proposal, Verdict.RUN_IT)).said is Said.DONE
    await office.work()
    new = await office.of(await office.task(proposal))
    assert new.id != proposal.id and new.state is ProposalState.OPEN
    assert open_seal(new).supersedes == proposal.id and office.lab.effects == []
    await office.approve("U0DANA", new)
    await office.work()
    assert len(office.lab.effects) == 1 and await office.results(new) == ["ran"]


async def test_stop_ends_what_waits_and_its_card(office: Office) -> None:
    proposal = await office.proposed()
    assert await office.desk.stop(TENANT, proposal.task_id, "U0RILEY")
    assert (await office.again(proposal)).state is ProposalState.CANCELLED
    assert (await office.task(proposal)).state is TaskState.CANCELLED
    assert [b["proposal"] for b in await bodies(office.db, "withdrawn")] == [proposal.id]
    assert not await office.desk.stop(TENANT, proposal.task_id, "U0RILEY") and not await office.work()
    assert not await office.desk.stop(TENANT, "t_none", "U0RILEY")


async def test_stop_catches_an_approved_call_that_no_worker_has_begun(office: Office) -> None:
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    assert await office.desk.stop(TENANT, proposal.task_id, "U0ANA")
    assert (await office.again(proposal)).state is ProposalState.CANCELLED and not await office.work()
    assert office.lab.effects == []


async def test_stop_catches_a_call_that_a_worker_holds_and_has_not_begun(office: Office) -> None:
    """Whoever was told that it stops does not see it change something afterwards."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)

    async def stop() -> None:
        assert await office.desk.stop(TENANT, proposal.task_id, "U0ANA")

    office.lab.at_preview = stop
    while await office.work():
        pass
    assert office.lab.effects == [] and (await office.again(proposal)).state is ProposalState.REFUSED
    assert [b["rules"] for b in await bodies(office.db, "refused")] == [["builtin:stopped"]]
    assert (await office.task(proposal)).state is TaskState.CANCELLED


async def test_stop_lets_a_change_that_runs_finish_and_then_ends(office: Office) -> None:
    """What is under way is not cut in half; no brain is asked afterwards."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)

    async def stop() -> None:
        assert await office.desk.stop(TENANT, proposal.task_id, "U0ANA")

    office.lab.at_run = stop
    await office.work()
    while await office.work():
        pass
    assert (await office.again(proposal)).state is ProposalState.RAN and len(office.lab.effects) == 1
    assert (await office.task(proposal)).state is TaskState.CANCELLED


async def _die(office: Office, *, after_begin: bool) -> None:
    """One worker takes the task up and dies, ten times."""
    for _ in range(tasks.MOST_ATTEMPTS):
        task = await office.claim("dead", lease=-1.0)
        assert task is not None and task.state is TaskState.EXECUTING
        if after_begin:
            async with office.db.write() as tx:
                proposal = await proposals.get(tx, TENANT, task.proposal_id or "")
                if proposal.state is ProposalState.APPROVED:
                    sealed = open_seal(proposal)
                    line = office.gateway._book.line_of_proposal(
                        f"proposal:{proposal.id}",
                        task,
                        sealed,
                        office.gateway.registry.get("lab.set"),
                        validate(office.gateway.registry.get("lab.set"), dict(sealed.arguments)),
                        [],
                    )
                    await intents.begin(tx, line.new)
                    await proposals.move(tx, proposal, ProposalState.RUNNING)
        await sweeps.take_back(office.db)


@pytest.mark.parametrize("after_begin", [False, True])
async def test_an_approved_call_that_kills_every_worker_comes_to_rest(office: Office, *, after_begin: bool) -> None:
    """Not begun: it failed and nothing ran. Begun: a person says whether it happened. Never for ever."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    await _die(office, after_begin=after_begin)
    ended, task = await office.again(proposal), await office.task(proposal)
    assert not await office.work() and office.lab.effects == []
    if after_begin:
        assert (ended.state, task.state) == (ProposalState.IN_DOUBT, TaskState.ESCALATED_TO_HUMAN)
        assert (await office.resolve("U0SAM", proposal, Verdict.DROP)).said is Said.DONE
    else:
        assert (ended.state, task.state) == (ProposalState.FAILED, TaskState.FAILED_TERMINAL)
        assert "nothing ran" in ended.outcome


async def _break_the_record(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every worker breaks right after the call, when it writes down what came of it, until it gives up."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Executing, "_record", broken)
    for _ in range(tasks.MOST_ATTEMPTS):
        await tamper(office.db, "update tasks set due_at = 0")
        if not await office.work():
            return
    raise AssertionError("it never came to rest")


async def test_a_call_that_ran_is_no_doubt_even_when_the_bot_broke_afterwards(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escalated it would hang: a card that says Done has no buttons to resolve a doubt with."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    await _break_the_record(office, monkeypatch)
    task = await office.task(proposal)
    assert ((await office.again(proposal)).state, task.state) == (ProposalState.RAN, TaskState.FAILED_TERMINAL)
    assert "the change itself was made" in task.reason and len(office.lab.effects) == 1


async def test_a_task_whose_proposal_is_gone_ends_in_words(office: Office) -> None:
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    await tamper(office.db, "update tasks set proposal_id = 'gone'")
    for _ in range(tasks.MOST_ATTEMPTS):
        await tamper(office.db, "update tasks set due_at = 0")
        if not await office.work():
            break
    task = await office.task(proposal)
    assert task.state is TaskState.FAILED_TERMINAL and "gone from the record" in task.reason


async def test_a_follow_up_at_the_very_end_of_a_turn_is_not_lost(office: Office) -> None:
    """It is either part of this task's next turn or a task of its own."""
    import asyncio

    office.script[:] = [DONE, DONE, DONE]
    for number in range(8):
        task = await office.ask(thread=f"f{number}")
        _, follow = await asyncio.gather(office.work(), office.ask(text="and search?", thread=f"f{number}"))
        while await office.work():
            pass
        async with office.db.read() as tx:
            from storage import steps

            said = [s.kind for s in await steps.of_task(tx, await tasks.get(tx, TENANT, follow.id))]
        assert said[-1] == "said", (task.id == follow.id, said)
    assert len(await entries(office.db, "completed")) >= 8
