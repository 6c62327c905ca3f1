"""Gives a task to the runner of the agent it was begun with."""

from collections.abc import Mapping

from bot.agent.runner import AgentRunner, Ended
from bot.lifecycle.hooks import Hooks
from bot.lifecycle.moves import move, tell
from bot.lifecycle.ports import Progress
from storage.db import Database
from storage.records import TaskState
from tools.requests import Scope


class ByAgent:
    """One runner an agent. A task whose agent is here no more ends with a sentence: no other may stand in for it."""

    def __init__(self, db: Database, runners: Mapping[str, AgentRunner]) -> None:
        self._db, self._runners = db, runners

    def scope_of(self, agent: str) -> Scope | None:
        """What this agent may use today; None when it is not installed any more."""
        runner = self._runners.get(agent)
        return None if runner is None else runner.scope_of(agent)

    async def run(self, hooks: Hooks, progress: Progress) -> Ended:
        """Go on from wherever the transcript stands."""
        runner = self._runners.get(hooks.task.agent)
        if runner is not None:
            return await runner.run(hooks, progress)
        hooks.check_lease()
        why = f"the agent {hooks.task.agent!r} is not installed here any more"
        async with self._db.write() as tx:
            text = f"T{why[1:]}. An admin can choose another one with /autopilot settings; then ask again."
            await tell(tx, hooks.task, f"no-agent:{hooks.task.id}", text, kind="warning")
            hooks.task = await move(tx, hooks.task, TaskState.FAILED_TERMINAL, why=why)
        return Ended()
