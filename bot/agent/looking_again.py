"""Between two looks a task is parked: it keeps no worker, and whoever claims it when it is time makes the next one."""

from bot.agent.transcript import OpenCall
from bot.lifecycle.hooks import Hooks
from bot.lifecycle.moves import move
from storage.db import Database
from storage.records import TaskState


async def parked(db: Database, hooks: Hooks, call: OpenCall) -> bool:
    """Whether the call's time has yet to come; the task is then queued until it has."""
    if not call.after_seconds:
        return False
    async with db.write() as tx:
        # By the database's clock. Where that was set back, no look is longer ahead than it was put off.
        left = min(call.asked_at + call.after_seconds - await tx.time(), call.after_seconds)
        if left <= 0:
            return False
        hooks.task = await move(tx, hooks.task, TaskState.QUEUED, why="looks again", delay=left, attempt=0)
    return True
