"""Case 25: people are not asked without end, and a No is a No."""

from dataclasses import replace

import pytest

from storage import proposals, tasks
from storage.db import Database
from storage.records import ProposalState, Task
from tests.builders import TENANT, a_new_task
from tests.tools.asking import ask, bodies, proposals_of, propose
from tests.tools.spy import Lab
from tools.contract import JsonObject
from tools.gateway import Gateway
from tools.limits import MOST_A_MINUTE
from tools.outcomes import Denied, Waiting
from tools.requests import Scope
from tools.sealing import open_seal


async def _end(db: Database, proposal_id: str, state: ProposalState) -> None:
    async with db.write() as tx:
        proposal = await proposals.get(tx, TENANT, proposal_id)
        await proposals.move(tx, proposal, state, outcome="<@U0DANA> said no")


async def test_what_people_rejected_is_not_asked_again_in_that_task(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """The same values, however written; other values may be asked for, and so may another task."""
    first = await propose(gateway, db, task)
    await _end(db, first.id, ProposalState.REJECTED)
    lab.seen.clear()
    for call_id, arguments in (
        ("c2", {"thing": "checkout", "value": 7}),
        ("c3", {"value": 7.0, "thing": "checkout", "env": "prod", "note": None}),
    ):
        outcome = await ask(gateway, task, call_id=call_id, arguments=arguments)
        assert isinstance(outcome, Denied) and outcome.because == ("builtin:asked-before",)
    assert lab.seen == [] and len(await bodies(db, "denied")) == 2
    assert isinstance(await ask(gateway, task, call_id="c4", arguments={"thing": "checkout", "value": 8}), Waiting)
    async with db.write() as tx:
        other = await tasks.create(tx, a_new_task())
    assert isinstance(await ask(gateway, other), Waiting)


@pytest.mark.parametrize(("things", "most"), [(["checkout"] * 9, 2), (list("abcdefghi"), 4)], ids=["one", "several"])
async def test_a_word_changed_is_not_another_question(
    gateway: Gateway, db: Database, task: Task, things: list[str], most: int
) -> None:
    """A model that asks for a little else after each no is not heard for long; a person's edit always is."""
    for number, thing in enumerate(things):
        arguments: JsonObject = {"thing": thing, "value": number, "note": "please" * number}
        outcome = await ask(gateway, task, call_id=f"c{number}", arguments=arguments)
        if number < most:
            assert isinstance(outcome, Waiting)
            await _end(db, outcome.proposal_id, ProposalState.REJECTED)
        else:
            assert isinstance(outcome, Denied) and outcome.because == ("builtin:asked-before",)
            assert f"{most} times in this task" in outcome.message


async def test_nobody_answered_is_not_a_no(gateway: Gateway, db: Database, task: Task) -> None:
    """Invariant 9: after an expiry the same may be asked again."""
    first = await propose(gateway, db, task)
    await _end(db, first.id, ProposalState.EXPIRED)
    assert isinstance(await ask(gateway, task, call_id="c2"), Waiting)


async def test_a_task_asks_only_so_often(gateway: Gateway, db: Database, task: Task) -> None:
    scope = Scope(tools=("*",), max_proposals=3)
    for number in range(5):
        outcome = await ask(
            gateway, task, call_id=f"c{number}", scope=scope, arguments={"thing": "checkout", "value": number}
        )
        if number < 3:
            assert isinstance(outcome, Waiting)
        else:
            assert isinstance(outcome, Denied) and outcome.because == ("builtin:proposals-of-task",)
    assert len(await proposals_of(db, task)) == 3 and len(await bodies(db, "denied")) == 2


async def test_forty_in_a_minute_are_limited_for_one_person_over_all_tasks(gateway: Gateway, db: Database) -> None:
    """A new task for each does not help; another person is not held up by it."""
    made = 0
    for _ in range(40):
        async with db.write() as tx:
            task = await tasks.create(tx, a_new_task())
        outcome = await ask(gateway, task)
        made += isinstance(outcome, Waiting)
    assert made == MOST_A_MINUTE
    async with db.write() as tx:
        other = await tasks.create(tx, a_new_task(requester="U0DANA"))
    assert isinstance(await ask(gateway, other), Waiting)


async def test_a_call_that_already_waits_is_not_proposed_twice(gateway: Gateway, db: Database, task: Task) -> None:
    """A worker that comes back to it finds its proposal."""
    first = await propose(gateway, db, task)
    assert await ask(gateway, task) == Waiting(proposal_id=first.id)
    assert len(await proposals_of(db, task)) == 1


async def test_a_persons_edit_is_asked_even_at_the_limit_and_even_where_policy_would_run_it_alone(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """The obligations of what was edited stay; who wrote the values is remembered, edit after edit."""
    from tests.tools.test_gateway_order import ALONE

    old = await propose(gateway, db, task)
    await _end(db, old.id, ProposalState.SUPERSEDED)
    gateway.rules = replace(gateway.rules, autonomy=ALONE)
    scope = Scope(tools=("*",), max_proposals=1)
    edited = {"thing": "checkout", "value": 9}
    new = await propose(gateway, db, task, arguments=edited, edited_by="U0DANA", scope=scope)
    sealed = open_seal(new)
    assert sealed.obligations == open_seal(old).obligations and sealed.supersedes == old.id
    assert sealed.editors == ("U0DANA",) and lab.effects == []
    await _end(db, new.id, ProposalState.SUPERSEDED)
    third = await propose(gateway, db, task, arguments={**edited, "value": 10}, edited_by="U0SAM", scope=scope)
    assert open_seal(third).editors == ("U0DANA", "U0SAM")
