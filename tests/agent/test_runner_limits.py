"""What an agent's definition says holds for what its brain asks for, through the real runner."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.agent.definition import AgentDefinition
from bot.brains.base import BrainEvent, Finished, Prompt
from bot.brains.errors import BrainUnavailable
from storage import steps, tasks
from storage.records import PostKind, StepKind, Task, TaskState
from storage.tables import posts
from tests.builders import TENANT
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import DONE, Office, a_change
from tests.tools.asking import bodies

__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


def _with(office: Office, **changes: object) -> Office:
    agent = AgentDefinition.model_validate({"name": "autopilot", "charter": (), "prompt": "", **changes})
    return Office(db=office.db, lab=office.lab, staff=office.staff, rules=office.rules, agent=agent)


async def test_a_brain_that_asks_for_another_tool_is_denied(office: Office) -> None:
    narrow = _with(office, tools=("lab.read",))
    narrow.script[:] = [[a_change()], DONE]
    task = await narrow.ask()
    await narrow.work()
    async with narrow.db.read() as tx:
        results = [s.body for s in await steps.of_task(tx, task) if s.kind is StepKind.RESULT]
    assert [r["status"] for r in results] == ["denied"] and narrow.lab.seen == []
    assert [b["rules"] for b in await bodies(narrow.db, "denied")] == [["builtin:agent-tools"]]


async def test_a_brain_that_keeps_asking_people_is_denied_and_the_task_ends(office: Office) -> None:
    """Two cards, then no more, though each is about another thing; and never the rejected values again."""
    eager = _with(office, max_proposals=2)
    eager.script[:] = [[a_change(2, f"thing{n}", call_id=f"c{n}")] for n in (2, 3, 4)] + [DONE]
    proposal = await eager.proposed()
    for _ in range(2):
        await eager.reject("U0DANA", await eager.of(await eager.task(proposal)))
        await eager.work()
    assert (await eager.task(proposal)).state is TaskState.COMPLETED
    assert await eager.results(proposal) == ["rejected", "rejected", "denied"]
    assert [b["rules"] for b in await bodies(eager.db, "denied")] == [["builtin:proposals-of-task"]]


async def test_a_rejected_call_is_not_asked_again(office: Office) -> None:
    office.script[:] = [[a_change(call_id="c1")], [a_change(call_id="c2")], DONE]
    proposal = await office.proposed()
    await office.reject("U0DANA", proposal)
    await office.work()
    assert await office.results(proposal) == ["rejected", "denied"]


@pytest.mark.parametrize("who", ["U0DANA"])
async def test_the_requesters_lost_membership_stops_a_queued_task(office: Office, who: str) -> None:
    task = await office.ask(who)
    del office.staff.groups[who]
    await office.work()
    async with office.db.read() as tx:
        results = [s.body["status"] for s in await steps.of_task(tx, task) if s.kind is StepKind.RESULT]
    assert results == ["denied"] and task.tenant == TENANT and office.lab.seen == []


class Away:
    """A brain that is never reached."""

    name = "away"

    async def think(self, prompt: Prompt) -> AsyncGenerator[BrainEvent, None]:
        raise BrainUnavailable("the model broke off", retry_after=0.01)
        yield Finished()  # makes this a generator, as brains are


async def test_a_model_that_is_away_is_told_in_one_message_however_often_it_is_tried(office: Office) -> None:
    """Then a second one says that it was given up."""
    office.brain = Away()
    task = await office.ask()
    async with asyncio.timeout(60):
        while (now := await _task(office, task.id)).state is not TaskState.FAILED_TERMINAL:
            await office.work()
    assert now.attempt == 5
    async with office.db.read() as tx:
        rows = await tx.run(posts.select().where(posts.c.kind == PostKind.NOTICE))
        told = [str(row.body["text"]) for row in rows]
    assert sorted(told) == [
        "The model broke off (tried 4 times).",
        "The model broke off. Trying again in 0 s (4 of 4).",
    ]


async def _task(office: Office, task_id: str) -> Task:
    async with office.db.read() as tx:
        return await tasks.get(tx, TENANT, task_id)
