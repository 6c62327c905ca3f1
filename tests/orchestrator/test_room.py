"""What people approved runs, however many tasks wait for a slow model or for Slack."""

import asyncio
from collections.abc import Sequence

from bot.orchestrator.pace import Pace
from bot.terminal.stage import Silent
from storage.records import Step, Task, TaskState
from tests.orchestrator.office import DONE, Office, QuietStage, a_change


class FullStage(QuietStage):
    """Lets nobody speak until it is told to, as Slack after twenty streams in one minute."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def open(self, task: Task, steps: Sequence[Step]) -> Silent:
        await self.free.wait()
        return await super().open(task, steps)


async def test_an_approved_call_waits_for_nobody_who_waits_to_speak(office: Office) -> None:
    waiting = []
    for number, who in enumerate(("U0ANA", "U0RILEY") * 3):
        office.lab.state[f"t{number}"] = 1
        office.script = [[a_change(thing=f"t{number}")], DONE]
        waiting.append(await office.proposed(who))
    stage = FullStage()
    worker = office.worker("busy")
    worker.stage, worker.pace = stage, Pace(slots=3, kept_for_approved=1, poll=0.05)
    working = asyncio.create_task(worker.run())
    for proposal in waiting:
        await office.approve("U0DANA", proposal)
        await office.approve("U0SAM", proposal)

    async def states() -> list[TaskState]:
        return [(await office.task(p)).state for p in waiting]

    async with asyncio.timeout(60):
        while TaskState.EXECUTING in await states():  # noqa: ASYNC110 - only the database tells
            await asyncio.sleep(0.01)
        assert len(office.lab.effects) == len(waiting)
        assert TaskState.QUEUED in await states(), "more than there is room for are at work"
        stage.free.set()
        while {*await states()} != {TaskState.COMPLETED}:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    worker.stop()
    await working
    assert len(office.lab.effects) == len(waiting)
