"""Progress of a run that nobody asked for just now: told when it waits or ends, and not at all when all is well."""

from typing import TYPE_CHECKING

from bot.agent.transcript import is_quiet
from bot.slack.progress import SlackProgress
from bot.slack.replay import pieces
from bot.slack.streaming import StreamWriter
from storage import steps as step_store
from storage import streams, tasks
from storage.records import Post, Task, TaskState

if TYPE_CHECKING:
    from bot.slack.stage import SlackStage


class HeldBack(SlackProgress):
    """Shows nothing as it comes; what there is to tell is told from the steps, at the end of a stretch."""

    def __init__(self, *, stage: "SlackStage", task: Task, writer: StreamWriter, stretch: Post, told: int) -> None:
        super().__init__(stage=stage, task=task, writer=writer, stretch=stretch)
        self._told = told

    def plan(self, title: str) -> None: ...

    def thinking(self, delta: str) -> None: ...

    def say(self, delta: str) -> None: ...

    def step(
        self, step_id: str, title: str, status: str, *, details: str = "", output: str = "", link: str = ""
    ) -> None: ...

    async def close(self, *, waiting: bool, final: bool, broken: bool) -> None:
        async with self._stage.db.read() as tx:
            now = await tasks.get(tx, self._task.tenant, self._task.id)
            steps = await step_store.of_task(tx, now)
        goes_on = now.state in (TaskState.QUEUED, TaskState.RUNNING)  # between two looks
        if not goes_on and not is_quiet(now, steps):
            for piece in pieces(steps, self._told, self._stage.registry):
                self.show(piece)
            await super().close(waiting=waiting, final=final, broken=broken)
            return
        try:
            await self._writer.abort()
            async with self._stage.db.write() as tx:
                if broken or self._lost:
                    await streams.leave(tx, self._stretch, owner=self._stage.name)
                else:
                    upto = self._told if goes_on or not steps else steps[-1].seq
                    await streams.end(tx, now, self._stretch, owner=self._stage.name, upto=upto)
        finally:
            await self._let_go()
