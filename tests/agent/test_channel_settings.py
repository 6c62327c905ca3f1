"""What a channel's settings do to a task's brain: words are added, and what is local-only is never sent out."""

from bot.agent.runner import AgentRunner
from bot.brains.scripted import ScriptedBrain
from bot.lifecycle.hooks import Hooks
from bot.orchestrator.worker import Worker
from storage import channels, tasks
from storage.channels import ChannelSettings
from storage.records import Task, TaskState
from tests.builders import TENANT
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import DONE, LEASE, Office, QuietStage

__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


async def _worked(office: Office, settings: ChannelSettings, *, sends_out: bool) -> tuple[Task, ScriptedBrain]:
    async with office.db.write() as tx:
        await channels.put(tx, TENANT, "C0INC", settings, by="U0DANA")
    brain = ScriptedBrain([DONE])
    runner = AgentRunner(
        db=office.db,
        gateway=office.gateway,
        people=office.staff,
        agent=office.agent,
        brain=brain,
        env="prod",
        evidence_url=lambda hashed: hashed,
        sends_out=sends_out,
    )
    worker = Worker(db=office.db, gateway=office.gateway, runner=runner, stage=QuietStage(), name="w")
    asked = await office.ask()
    task = await office.claim()
    assert task is not None
    await worker._work(Hooks(task, LEASE))
    async with office.db.read() as tx:
        return await tasks.get(tx, TENANT, asked.id), brain


async def test_added_instructions_come_after_the_charter(office: Office) -> None:
    _, brain = await _worked(office, ChannelSettings(prompt="Answer in French."), sends_out=False)
    [prompt] = brain.prompts
    assert prompt.system.startswith("Charter") and "In this channel, too:\nAnswer in French." in prompt.system


async def test_a_local_only_channel_is_never_sent_to_a_provider(office: Office) -> None:
    task, brain = await _worked(office, ChannelSettings(local_only=True), sends_out=True)
    assert brain.prompts == []
    assert (task.state, "local-only" in task.reason) == (TaskState.FAILED_TERMINAL, True)


async def test_a_local_brain_reads_a_local_only_channel(office: Office) -> None:
    task, brain = await _worked(office, ChannelSettings(local_only=True), sends_out=False)
    assert len(brain.prompts) == 1 and task.state is TaskState.COMPLETED
