"""Nobody's words go to a provider before they agreed; what they asked meanwhile waits, then goes on or ends."""

import pytest

from bot.agent.runner import AgentRunner
from bot.brains.scripted import ScriptedBrain
from bot.lifecycle import consent
from bot.lifecycle.consent import Terms
from bot.lifecycle.hooks import Hooks
from bot.orchestrator.worker import Worker
from storage import posts, tasks
from storage.records import PostKind, Task, TaskState
from tests.builders import TENANT
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import DONE, LEASE, Office, QuietStage

__all__ = ["lab", "lab_engine", "office", "rules", "staff"]
EU = Terms(agent="autopilot", words="cloud: anthropic, eu")
US = Terms(agent="autopilot", words="cloud: anthropic, us")


async def _work(office: Office, terms: Terms) -> tuple[Task, ScriptedBrain]:
    """One stretch of work on what waits."""
    brain = ScriptedBrain([DONE])
    runner = AgentRunner(
        db=office.db,
        gateway=office.gateway,
        people=office.staff,
        agent=office.agent,
        brain=brain,
        env="prod",
        evidence_url=lambda hashed: hashed,
        sends_out=True,
        terms=terms,
    )
    worker = Worker(db=office.db, gateway=office.gateway, runner=runner, stage=QuietStage(), name="w")
    task = await office.claim()
    assert task is not None
    await worker._work(Hooks(task, LEASE))
    return await _now(office, task), brain


async def _now(office: Office, task: Task) -> Task:
    async with office.db.read() as tx:
        return await tasks.get(tx, TENANT, task.id)


async def test_the_first_request_waits_for_a_yes_and_goes_on_and_the_next_is_not_asked(office: Office) -> None:
    asked = await office.ask()
    parked, brain = await _work(office, EU)
    assert (parked.state, parked.reason, brain.prompts) == (TaskState.NEEDS_APPROVAL, consent.WAITS, [])
    async with office.db.read() as tx:
        [post] = await posts.showing(tx, TENANT, asked.id)
    assert post.kind is PostKind.CONSENT and post.body["to"] == asked.requester

    assert await consent.answer(office.db, TENANT, asked.requester, EU, yes=True) == 1
    done, brain = await _work(office, EU)
    assert done.state is TaskState.COMPLETED and len(brain.prompts) == 1
    await office.ask()
    again, brain = await _work(office, EU)
    assert again.state is TaskState.COMPLETED and len(brain.prompts) == 1


@pytest.mark.parametrize(("agreed", "who"), [(US, ""), (EU, "U0SOMEBODY")])
async def test_a_yes_counts_for_its_own_terms_and_person_only(office: Office, agreed: Terms, who: str) -> None:
    asked = await office.ask()
    await consent.answer(office.db, TENANT, who or asked.requester, agreed, yes=True)
    parked, brain = await _work(office, EU)
    assert parked.state is TaskState.NEEDS_APPROVAL and brain.prompts == []


async def test_a_no_ends_what_waits_with_words_and_is_asked_again(office: Office) -> None:
    asked = await office.ask()
    await _work(office, EU)
    await consent.answer(office.db, TENANT, asked.requester, EU, yes=False)
    ended = await _now(office, asked)
    async with office.db.read() as tx:
        [said] = await posts.showing(tx, TENANT, f"consent:{asked.id}")
    assert ended.state is TaskState.CANCELLED and "Nothing was sent" in str(said.body["text"])
    await office.ask()
    parked, brain = await _work(office, EU)
    assert parked.state is TaskState.NEEDS_APPROVAL and brain.prompts == []


async def test_what_was_agreed_can_be_taken_back(office: Office) -> None:
    asked = await office.ask()
    await consent.answer(office.db, TENANT, asked.requester, EU, yes=True)
    assert await consent.withdraw(office.db, TENANT, asked.requester) == 1
    parked, brain = await _work(office, EU)
    assert parked.state is TaskState.NEEDS_APPROVAL and brain.prompts == []
    assert await consent.withdraw(office.db, TENANT, "U0NOBODY") == 0


async def test_an_answer_is_about_one_agent_and_leaves_what_waits_for_another_alone(office: Office) -> None:
    asked = await office.ask()
    await _work(office, EU)
    other = Terms(agent="support", words="cloud: anthropic, eu")
    assert await consent.answer(office.db, TENANT, asked.requester, other, yes=False) == 0
    assert (await _now(office, asked)).state is TaskState.NEEDS_APPROVAL
