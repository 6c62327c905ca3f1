"""At the gateway: a freeze and a used-up budget refuse in words, and small changes that add up are asked about."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from policy.autonomy import AutonomyTable
from policy.budgets import Budget
from policy.freezes import Freeze
from policy.redaction import Redactor
from storage.db import Database
from storage.records import Task
from tests.tools.asking import approved, ask, bodies, execute, proposals_of, propose
from tests.tools.spy import Lab
from tests.tools.staff import Staff
from tests.tools.test_gateway_order import ALONE
from tools.gateway import Gateway
from tools.outcomes import Denied, Failed, Outcome, Ran, Refused, Waiting
from tools.requests import Then
from tools.rules import Rules
from tools.running import Line, Runner
from tools.sealing import open_seal

ALWAYS = Freeze.model_validate({"name": "sale", "tz": "UTC", "from": "2020-01-01", "to": "2100-01-01"})


def with_table(gateway: Gateway, **changes: object) -> None:
    gateway.rules = replace(gateway.rules, autonomy=ALONE.model_copy(update=changes))


def in_staging(thing: str, value: int) -> dict[str, object]:
    """Where risk alone asks nobody."""
    return {"thing": thing, "value": value, "env": "staging"}


async def test_a_freeze_refuses_in_words_and_asks_a_lead_in_an_incident(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    with_table(gateway, freezes=(ALWAYS,))
    outcome = await ask(gateway, task, reason_code="TICKET")
    assert isinstance(outcome, Denied) and outcome.because == ("deny-frozen",)
    assert "change freeze 'sale' until Fri 01 Jan 00:00 (UTC); wait for its end" in outcome.message
    asked = open_seal(await propose(gateway, db, task, call_id="c2"))
    assert "approve-in-freeze" in {one.rule for one in asked.policy_obligations()}
    assert any("change freeze 'sale'" in label for label, _points in asked.risk_parts)
    assert lab.effects == []


async def test_what_was_approved_before_a_freeze_does_not_run_in_it(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    gateway.rules = replace(gateway.rules, autonomy=AutonomyTable(default=1))
    proposal = await approved(db, await propose(gateway, db, task, reason_code="TICKET"))
    with_table(gateway, freezes=(ALWAYS,))
    outcome = await execute(gateway, task, proposal)
    assert isinstance(outcome, Refused) and "change freeze 'sale'" in outcome.message
    assert lab.effects == []


async def test_a_task_that_used_up_its_budget_changes_nothing_more(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    lab.users = 0
    with_table(gateway, budgets=(Budget(per="task", changes=2),))
    for number in range(3):
        outcome = await ask(
            gateway, task, call_id=f"c{number}", arguments={"thing": "checkout", "value": number, "env": "staging"}
        )
        if number < 2:
            assert isinstance(outcome, Ran), outcome
    assert isinstance(outcome, Denied) and outcome.because == ("deny-over-budget",)
    assert "the budget of 2 changes a task has 0 left" in outcome.message
    assert len(lab.effects) == 2 and len(await bodies(db, "denied")) == 1
    assert isinstance(await ask(gateway, task, "lab.read", {"thing": "checkout"}, call_id="r"), Ran)


async def test_two_replicas_do_not_both_get_what_is_left(
    gateway: Gateway, db: Database, lab: Lab, task: Task, rules: Rules, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have decided that there is room for one more, and begin at the same moment."""
    lab.users = 0
    other = Gateway(db=db, registry=lab.registry(), rules=rules, redactor=Redactor.default(), people=staff)
    for one in (gateway, other):
        with_table(one, budgets=(Budget(per="hour", changes=1),))
    begin = Runner._once
    raced: list[Outcome] = []

    async def late(self: Runner, line: Line, then: Then) -> Any:
        if not raced:
            raced.append(Failed(message="under way"))
            raced[0] = await ask(other, task, call_id="theirs", arguments=in_staging("search", 1))
        return await begin(self, line, then)

    monkeypatch.setattr(Runner, "_once", late)
    ours = await ask(gateway, task, call_id="ours", arguments=in_staging("checkout", 2))
    assert isinstance(raced[0], Ran), raced
    assert isinstance(ours, Denied) and ours.because == ("deny-over-budget",), ours
    assert [thing for _tool, thing, *_rest in lab.effects] == ["search"]


async def test_many_at_once_share_one_budget(gateway: Gateway, lab: Lab, task: Task) -> None:
    lab.users = 0
    with_table(gateway, budgets=(Budget(per="hour", changes=2),))
    asked = (ask(gateway, task, call_id=f"c{n}", arguments=in_staging(f"thing-{n}", n)) for n in range(5))
    outcomes = await asyncio.gather(*asked)
    assert sum(isinstance(one, Ran) for one in outcomes) == 2 == len(lab.effects), outcomes
    assert {one.because for one in outcomes if isinstance(one, Denied)} == {("deny-over-budget",)}


async def test_an_approved_change_that_others_came_before_is_decided_again(
    gateway: Gateway, db: Database, lab: Lab, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.users = 0
    gateway.rules = replace(gateway.rules, autonomy=AutonomyTable(default=1))
    proposal = await approved(db, await propose(gateway, db, task))
    with_table(gateway, budgets=(Budget(per="hour", changes=1),))
    begin = Runner._once
    raced: list[Outcome] = []

    async def late(self: Runner, line: Line, then: Then) -> Any:
        if not raced:
            raced.append(Failed(message="under way"))
            raced[0] = await ask(gateway, task, call_id="theirs", arguments=in_staging("search", 1))
        return await begin(self, line, then)

    monkeypatch.setattr(Runner, "_once", late)
    outcome = await execute(gateway, task, proposal)
    assert isinstance(raced[0], Ran) and isinstance(outcome, Refused), (raced, outcome)
    assert outcome.because == ("deny-over-budget",) and len(lab.effects) == 1


async def test_five_small_calls_that_add_up_to_a_large_one_are_asked_about(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Case 34: each touches a tenth of the users, and the third of them is more than a quarter together."""
    lab.users = 10
    with_table(gateway)
    for number, thing in enumerate(("checkout", "search", "cart")):
        outcome = await ask(
            gateway, task, call_id=f"c{number}", arguments={"thing": thing, "value": 7, "env": "staging"}
        )
        assert isinstance(outcome, Ran if number < 2 else Waiting), outcome
    [asked] = [open_seal(one) for one in await proposals_of(db, task)]
    assert [one.rule for one in asked.policy_obligations()] == ["approve-risky"]
    assert len(lab.effects) == 2


async def test_the_same_thing_again_hits_nobody_else(gateway: Gateway, lab: Lab, task: Task) -> None:
    lab.users = 10
    with_table(gateway)
    for number in range(4):
        outcome = await ask(
            gateway, task, call_id=f"c{number}", arguments={"thing": "checkout", "value": number, "env": "staging"}
        )
        assert isinstance(outcome, Ran), outcome
