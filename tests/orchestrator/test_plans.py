"""A plan: several calls decided with one approval, run in their order, each once."""

import asyncio
from dataclasses import replace

import pytest

from bot.brains.base import Call
from bot.orchestrator import sweeps
from bot.orchestrator.requests import Said
from bot.orchestrator.views import CardState
from storage import intents, posts, proposals
from storage.records import ProposalState, TaskState
from tests.builders import TENANT
from tests.orchestrator.late import make_late
from tests.orchestrator.office import DONE, Office, a_change
from tests.orchestrator.planned import THREE, a_drop, a_read, calls_of, card_of, changes_of, planned, states_of, view_of
from tests.tools.asking import bodies, entries, tamper
from tools.errors import SealBroken
from tools.sealing import open_seal

# --- what becomes a plan ----------------------------------------------------------------------------------


async def test_one_approval_runs_every_call_once_and_in_order(office: Office) -> None:
    plan, calls = await planned(office)
    assert open_seal(plan).calls() == tuple(call.id for call in calls)
    assert {call.expires_at for call in calls} == {plan.expires_at}
    assert (await office.approve("U0DANA", plan)).said is Said.DONE
    assert await office.work()
    assert changes_of(office) == [("checkout", 7), ("search", 9), ("orders", 5)]
    assert await office.results(plan) == ["ran", "ran", "ran"]
    assert (await office.again(plan)).state is ProposalState.RAN
    assert (await office.task(plan)).state is TaskState.COMPLETED
    async with office.db.read() as tx:
        ledger = await intents.of_task(tx, TENANT, plan.task_id)
    assert [(i.key, i.approved_by) for i in ledger] == [(f"proposal:{call.id}", ["U0DANA"]) for call in calls]
    assert (await view_of(office, plan)).state is CardState.VERIFIED
    assert not await office.work()


async def test_a_single_call_is_no_plan(office: Office) -> None:
    proposal = await office.proposed()
    assert not proposal.is_plan and proposal.plan_id is None and (await view_of(office, proposal)).calls == ()


async def test_what_cannot_be_undone_stands_on_a_card_of_its_own(office: Office) -> None:
    """First, in the middle or last: it is never one of several lines."""
    for calls in ([a_drop(), *THREE], [THREE[0], THREE[1], a_drop()], [THREE[0], a_drop(), THREE[1]]):
        office.script = [calls, DONE]
        task = await office.ask(thread=f"{next(office.keys)}.0")
        assert await office.work()
        card = await card_of(office, task.id)
        tools = [call.tool for call in await calls_of(office, card)] or [card.tool]
        assert "lab.drop" not in tools or tools == ["lab.drop"]


async def test_a_plan_holds_no_two_calls_on_one_target(office: Office) -> None:
    """The first would move what the second was previewed against."""
    _, calls = await planned(office, [THREE[0], THREE[1], a_change(8, "checkout", "c4")])
    assert [call.call_id for call in calls] == ["c1", "c2"]


async def test_nothing_is_asked_about_before_what_was_asked_for_earlier(office: Office) -> None:
    """A read between two changes runs between them; the plan is what comes before it."""
    office.script = [[THREE[0], a_read(), THREE[1]], DONE]
    task = await office.ask()
    assert await office.work()
    card = await card_of(office, task.id)
    assert (card.is_plan, card.call_id) == (False, "c1")


async def test_a_call_that_policy_denies_is_left_out(office: Office) -> None:
    bad = Call(call_id="c9", tool="lab.set", arguments={"thing": "x", "value": 1, "reason_code": "FUN"})
    _, calls = await planned(office, [*THREE[:2], bad])
    assert [call.call_id for call in calls] == ["c1", "c2"]


async def test_a_dry_run_makes_no_plan(office: Office) -> None:
    office.script = [list(THREE), DONE]
    task = await office.desk.submit(replace(office.request(), dry_run=True))
    assert task is not None
    while await office.work():
        pass
    async with office.db.read() as tx:
        assert await proposals.of_task(tx, TENANT, task.id) == []


async def test_the_calls_of_plans_count_against_the_limit_of_the_task(office: Office) -> None:
    office.agent = office.agent.model_copy(update={"max_proposals": 2})
    _, calls = await planned(office)
    assert len(calls) == 2


# --- who decides ------------------------------------------------------------------------------------------


async def test_the_strictest_of_what_any_call_asks_for_is_asked(office: Office) -> None:
    """A wide change asks two of sre besides; the plan that holds it does, too."""
    office.lab.users = 40
    plan, _ = await planned(office)
    owed = {(o.group, o.count) for o in open_seal(plan).obligations}
    assert owed == {("operators", 1), ("sre", 2)}
    assert (await office.approve("U0DANA", plan)).said is Said.COUNTED
    assert not await office.work() and changes_of(office) == []


@pytest.mark.parametrize("who", ["U0ANA", "U0RILEY", "U0NOOR"])
async def test_who_may_not_approve_a_call_may_not_approve_the_plan(office: Office, who: str) -> None:
    plan, _ = await planned(office)
    assert (await office.approve(who, plan)).said is Said.REFUSED and not await office.work()


async def test_one_call_of_a_plan_cannot_be_approved_alone(office: Office) -> None:
    """A forged button: nothing but the plan itself takes votes."""
    plan, calls = await planned(office)
    assert (await office.approve("U0DANA", calls[1])).said is Said.STALE
    assert not await office.work() and (await office.again(plan)).state is ProposalState.OPEN


async def test_ten_presses_at_once_run_it_once(office: Office) -> None:
    plan, _ = await planned(office)
    await asyncio.gather(*(office.approve("U0DANA" if n % 2 else "U0SAM", plan) for n in range(10)))
    while await office.work():
        pass
    assert len(office.lab.effects) == 3


async def test_a_rejection_rejects_every_call(office: Office) -> None:
    plan, _ = await planned(office)
    assert (await office.reject("U0DANA", plan, "not now")).said is Said.DONE
    assert await office.work()
    assert await states_of(office, plan) == ["rejected"] * 3 and await office.results(plan) == ["rejected"] * 3
    assert changes_of(office) == [] and (await office.task(plan)).state is TaskState.COMPLETED


async def test_reject_wins_until_the_first_call_is_taken_up(office: Office) -> None:
    plan, _ = await planned(office)
    await office.approve("U0DANA", plan)
    assert (await office.reject("U0SAM", plan)).said is Said.DONE
    while await office.work():
        pass
    assert changes_of(office) == [] and (await office.again(plan)).state is ProposalState.REJECTED


async def test_nobody_answering_ends_the_plan_as_that(office: Office) -> None:
    plan, _ = await planned(office)
    plan = await make_late(office, plan)
    assert await sweeps.expire(office.db) == 1
    assert await office.work()
    assert await office.results(plan) == ["expired"] * 3 and await states_of(office, plan) == ["expired"] * 3
    assert await sweeps.expire(office.db) == 0


async def test_an_edit_of_one_call_makes_a_new_plan_of_all(office: Office) -> None:
    """The old votes do not carry over, and the editor cannot approve what they wrote."""
    plan, calls = await planned(office)
    assert (await office.edit("U0DANA", calls[1], thing="search", value=3)).said is Said.DONE
    assert await office.work()
    new = await card_of(office, plan.task_id)
    assert new.is_plan and new.id != plan.id and open_seal(new).supersedes == plan.id
    old = await office.again(plan)
    assert (old.state, old.superseded_by) == (ProposalState.SUPERSEDED, new.id)
    assert (await office.approve("U0DANA", new)).said is Said.REFUSED
    assert (await office.approve("U0DANA", plan)).said is Said.STALE
    assert (await office.approve("U0SAM", new)).said is Said.DONE and await office.work()
    assert changes_of(office) == [("checkout", 7), ("search", 3), ("orders", 5)]


async def test_a_plan_as_a_whole_has_no_fields_to_edit(office: Office) -> None:
    plan, _ = await planned(office)
    assert (await office.edit("U0DANA", plan)).said is Said.REFUSED


# --- the seal ---------------------------------------------------------------------------------------------


async def test_nothing_of_a_plan_runs_when_one_of_its_calls_was_changed(office: Office) -> None:
    """Also not the calls before it; nobody can approve such a plan, and the refusal names what moved."""
    plan, calls = await planned(office)
    whole, changed = calls[1].sealed, calls[1].sealed.replace('"value":9', '"value":99')
    assert changed != whole
    await tamper(office.db, "UPDATE proposals SET sealed = :s WHERE id = :i", s=changed, i=calls[1].id)
    answer = await office.approve("U0DANA", plan)
    assert answer.said is Said.REFUSED and "moved: call 2: arguments.value" in answer.message
    await tamper(office.db, "UPDATE proposals SET sealed = :s WHERE id = :i", s=whole, i=calls[1].id)
    assert (await office.approve("U0DANA", plan)).said is Said.DONE
    await tamper(office.db, "UPDATE proposals SET sealed = :s WHERE id = :i", s=changed, i=calls[1].id)
    assert await office.work()
    assert changes_of(office) == []
    assert await states_of(office, plan) == ["refused", "cancelled", "cancelled"]


async def test_a_plan_whose_list_was_changed_runs_nothing(office: Office) -> None:
    plan, calls = await planned(office)
    await office.approve("U0DANA", plan)
    changed = plan.sealed.replace(f'"{calls[1].id}",', "")
    assert changed != plan.sealed
    await tamper(office.db, "UPDATE proposals SET sealed = :s WHERE id = :i", s=changed, i=plan.id)
    with pytest.raises(SealBroken):
        open_seal(await office.again(plan))
    await office.work()
    assert changes_of(office) == []


async def test_a_call_put_before_its_turn_does_not_run(office: Office) -> None:
    """The order is the sealed one, whatever the task's row says."""
    plan, calls = await planned(office)
    await office.approve("U0DANA", plan)
    await tamper(office.db, "UPDATE tasks SET proposal_id = :p WHERE id = :t", p=calls[2].id, t=plan.task_id)
    assert await office.work()
    assert changes_of(office) == []
    assert "a call before it in its plan has not run" in (await office.again(calls[2])).outcome


async def test_votes_of_another_plan_do_not_carry_a_call(office: Office) -> None:
    """A call re-hung under an approved plan that does not list it is refused."""
    plan, calls = await planned(office)
    other, _ = await planned(office, [a_change(1, "a", "x1"), a_change(2, "b", "x2")])
    await office.approve("U0DANA", other)
    await tamper(
        office.db, "UPDATE proposals SET plan_id = :p, state = 'approved' WHERE id = :i", p=other.id, i=calls[0].id
    )
    statement = "UPDATE tasks SET proposal_id = :p, state = 'executing' WHERE id = :t"
    await tamper(office.db, statement, p=calls[0].id, t=plan.task_id)
    while await office.work():
        pass
    assert ("checkout", 7) not in changes_of(office)


# --- the record -------------------------------------------------------------------------------------------


async def test_the_record_names_the_plan_and_its_calls(office: Office) -> None:
    plan, calls = await planned(office)
    await office.approve("U0DANA", plan)
    await office.work()
    asked = await bodies(office.db, "proposed_action")
    assert [body["plan"] for body in asked] == [None, plan.id, plan.id, plan.id]
    assert [body["by"] for body in await bodies(office.db, "approved")] == [["U0DANA"]]
    assert [body["ran"] for body in await bodies(office.db, "plan_ended")] == [len(calls)]
    assert await entries(office.db)


async def test_a_plan_has_onecard_of(office: Office) -> None:
    plan, calls = await planned(office)
    await office.approve("U0DANA", plan)
    await office.work()
    async with office.db.read() as tx:
        assert len(await posts.showing(tx, TENANT, plan.id)) == 1
        assert [await posts.showing(tx, TENANT, call.id) for call in calls] == [[], [], []]
