"""What stops a plan stops the rest of it, whatever dies between two calls; Undo takes back what ran, last first."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from bot.lifecycle.hooks import ExecutionHooks
from bot.orchestrator import sweeps
from bot.orchestrator.requests import Answer, Said, Verdict
from bot.orchestrator.views import CardState
from storage import tasks
from storage.records import Proposal, ProposalState, TaskState
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.orchestrator.planned import changes_of, planned, states_of, view_of
from tests.orchestrator.test_halt import press
from tests.tools.spy import broken_before, never_arrived

# --- what stops it ----------------------------------------------------------------------------------------


async def test_after_a_failure_the_rest_does_not_run(office: Office) -> None:
    plan, _ = await planned(office)
    office.lab.troubles = [lambda apply: apply(), broken_before]
    await office.approve("U0DANA", plan)
    assert await office.work()
    assert changes_of(office) == [("checkout", 7)]
    assert await states_of(office, plan) == ["ran", "failed", "cancelled"]
    assert await office.results(plan) == ["ran", "failed", "cancelled"]
    ended = await office.again(plan)
    assert ended.state is ProposalState.FAILED
    assert "1 of 3 ran" in ended.outcome and "Undo takes back what ran" in ended.outcome
    view = await view_of(office, plan)
    assert view.state is CardState.FAILED and view.undo_until is not None
    assert [call.state for call in view.calls] == [CardState.VERIFIED, CardState.FAILED, CardState.CANCELLED]


async def test_a_target_that_moved_stops_the_plan_there(office: Office) -> None:
    plan, _ = await planned(office)
    office.lab.state["search"] = 4
    await office.approve("U0DANA", plan)
    assert await office.work()
    assert changes_of(office) == [("checkout", 7)]
    assert await states_of(office, plan) == ["ran", "refused", "cancelled"]
    assert "the target changed since it was proposed (value: 1 → 4)" in (await office.again(plan)).outcome


async def test_an_approver_who_left_between_two_calls_stops_it(office: Office) -> None:
    plan, _ = await planned(office)
    await office.approve("U0DANA", plan)

    async def leaves() -> None:
        office.staff.groups["U0DANA"] = set()

    office.lab.at_run = leaves
    assert await office.work()
    assert await states_of(office, plan) == ["ran", "refused", "cancelled"]


async def test_a_doubt_stops_it_and_a_person_ends_the_doubt(office: Office) -> None:
    plan, calls = await planned(office)
    office.lab.troubles, office.lab.check_works = [lambda apply: apply(), never_arrived], False
    await office.approve("U0DANA", plan)
    assert await office.work()
    assert await states_of(office, plan) == ["ran", "in_doubt", "cancelled"]
    assert (await view_of(office, plan)).state is CardState.UNKNOWN
    assert (await office.task(plan)).state is TaskState.ESCALATED_TO_HUMAN
    assert (await office.resolve("U0DANA", calls[1], Verdict.DROP)).said is Said.DONE
    assert await office.work()
    assert sorted(await office.results(plan)) == ["cancelled", "failed", "ran"]
    assert changes_of(office) == [("checkout", 7)]
    assert (await view_of(office, plan)).state is CardState.FAILED


async def test_stop_between_two_calls_stops_the_rest(office: Office) -> None:
    plan, _ = await planned(office)
    await office.approve("U0DANA", plan)

    async def stopped() -> None:
        await office.desk.stop(TENANT, plan.task_id, "U0ANA")

    office.lab.at_run = stopped
    assert await office.work()
    assert await states_of(office, plan) == ["ran", "cancelled", "cancelled"]
    assert (await office.task(plan)).state is TaskState.CANCELLED
    assert "stopped by a person" in (await office.again(plan)).outcome


async def test_a_halt_between_two_calls_holds_the_rest_until_it_is_lifted(office: Office) -> None:
    plan, _ = await planned(office)
    await office.approve("U0DANA", plan)

    async def halted() -> None:
        office.lab.at_run = None
        await press(office, "halt")

    office.lab.at_run = halted
    assert await office.work()
    assert changes_of(office) == [("checkout", 7)] and not await office.work()
    assert await states_of(office, plan) == ["ran", "approved", "approved"]
    await press(office, "lift")
    assert await office.work()
    assert changes_of(office) == [("checkout", 7), ("search", 9), ("orders", 5)]


# --- crashes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("where", ["before the run", "after the run", "before it was recorded"])
async def test_a_worker_that_dies_at_any_call_is_taken_over(
    office: Office, nth: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing runs twice and nothing is left out; a run whose answer is lost is seen by its check."""
    plan, _ = await planned(office)
    await office.approve("U0DANA", plan)
    count = 0

    def dies() -> bool:
        nonlocal count
        count += 1
        return count == nth

    class Killed(BaseException):
        pass

    if where == "before it was recorded":
        original = ExecutionHooks.settled

        async def settled(self: ExecutionHooks, tx: Any, outcome: Any) -> None:
            await original(self, tx, outcome)
            if dies():
                raise Killed

        monkeypatch.setattr(ExecutionHooks, "settled", settled)
    else:

        def trouble(apply: Any) -> None:
            if dies():
                if where == "after the run":
                    apply()
                raise Killed
            apply()

        office.lab.troubles = [trouble] * 4
    with pytest.raises(Killed):
        await office.work("first")
    monkeypatch.undo()
    async with office.db.write() as tx:
        await tasks.take_back(tx, only_expired=False)
    assert await office.work("second")
    lost = where == "before the run"  # a call begun and not seen to have run is a person's to judge, never run again
    assert changes_of(office) == [("checkout", 7), ("search", 9), ("orders", 5)][: nth - 1 if lost else 3]
    if lost:
        assert (await states_of(office, plan))[nth - 1] == "in_doubt"
    else:
        assert await states_of(office, plan) == ["ran"] * 3 and await office.results(plan) == ["ran"] * 3


async def test_a_task_that_wears_its_workers_out_closes_its_plan(office: Office) -> None:
    plan, _ = await planned(office)
    await office.approve("U0DANA", plan)
    async with office.db.write() as tx:
        await tx.run(sa.text("UPDATE tasks SET attempt = 99"))
    assert await office.claim("dying") is not None
    await sweeps.take_back(office.db, only_expired=False)
    assert (await office.again(plan)).state is ProposalState.FAILED
    assert set(await states_of(office, plan)) == {"failed", "cancelled"} and changes_of(office) == []


# --- undo -------------------------------------------------------------------------------------------------


async def _ran(office: Office) -> Proposal:
    plan, _ = await planned(office)
    await office.approve("U0DANA", plan)
    assert await office.work()
    return plan


async def test_undo_takes_back_all_of_it_last_first(office: Office) -> None:
    plan = await _ran(office)
    assert (await office.undo("U0SAM", plan)).said is Said.DONE
    assert await office.work()
    assert changes_of(office)[3:] == [("orders", 0), ("search", 1), ("checkout", 1)]
    assert (await view_of(office, plan)).state is CardState.UNDONE
    assert (await office.undo("U0SAM", plan)).said is Said.STALE and not await office.work()


async def test_ten_presses_are_one_undo_of_the_plan(office: Office) -> None:
    plan = await _ran(office)
    answers = await asyncio.gather(*(office.undo("U0DANA" if n % 2 else "U0SAM", plan) for n in range(10)))
    while await office.work():
        pass
    assert [a.said for a in answers].count(Said.DONE) == 1 and len(office.lab.effects) == 6


@pytest.mark.parametrize("who", ["U0RILEY", "U0NOOR"])
async def test_an_outsider_cannot_undo_a_plan(office: Office, who: str) -> None:
    plan = await _ran(office)
    assert (await office.undo(who, plan)).said is Said.REFUSED and not await office.work()


async def test_only_what_ran_is_taken_back(office: Office) -> None:
    plan, _ = await planned(office)
    office.lab.troubles = [lambda apply: apply(), lambda apply: apply(), broken_before]
    await office.approve("U0DANA", plan)
    await office.work()
    assert (await office.undo("U0DANA", plan)).said is Said.DONE and await office.work()
    assert changes_of(office)[2:] == [("search", 1), ("checkout", 1)]
    assert (await view_of(office, plan)).state is CardState.UNDONE


async def test_an_undo_that_stops_half_way_can_be_pressed_again_for_the_rest(office: Office) -> None:
    plan = await _ran(office)
    office.lab.troubles = [lambda apply: apply(), broken_before]
    await office.undo("U0DANA", plan)
    assert await office.work()
    assert changes_of(office)[3:] == [("orders", 0)]
    view = await view_of(office, plan)
    assert view.undo_until is not None
    assert [call.state for call in view.calls] == [CardState.VERIFIED, CardState.VERIFIED, CardState.UNDONE]
    assert (await office.undo("U0DANA", plan)).said is Said.DONE and await office.work()
    assert changes_of(office)[4:] == [("search", 1), ("checkout", 1)]
    assert (await view_of(office, plan)).state is CardState.UNDONE


@pytest.mark.parametrize("pressed_on", ["plan", "call"])
async def test_what_still_runs_is_not_taken_back_under_its_own_feet(office: Office, pressed_on: str) -> None:
    """No card offers it; a copied or forged button may. Stop comes first, then Undo."""
    plan, calls = await planned(office)
    await office.approve("U0DANA", plan)
    answers: list[Answer] = []

    async def undo() -> None:
        if len(office.lab.effects) == 1:
            answers.append(await office.undo("U0DANA", plan if pressed_on == "plan" else calls[0]))

    office.lab.at_run = undo
    while await office.work():
        pass
    [answer] = answers
    assert (answer.said, "stop it first" in answer.message) == (Said.STALE, True), answer
    assert await states_of(office, plan) == ["ran", "ran", "ran"] and len(office.lab.effects) == 3
