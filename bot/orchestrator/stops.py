"""Stop: what runs ends soon, what waits ends now, what was said stays."""

from bot.lifecycle.moves import note, tell
from bot.orchestrator.withdrawals import cancel
from storage import intents, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace, NotFound
from storage.records import Task, TaskState

WAITING = (TaskState.QUEUED, TaskState.NEEDS_APPROVAL, TaskState.FAILED_RETRYABLE)


async def stop(db: Database, tenant: str, task_id: str, who: str) -> bool:
    """Stop one task on a person's word; False when it has ended. A change that runs is let finish, then it stops."""
    return await end(db, tenant, task_id, by=who, why=f"stopped by <@{who}>", say=f"Stopped by <@{who}>")


async def end(db: Database, tenant: str, task_id: str, *, by: str, why: str, say: str = "") -> bool:
    """Stop one task; False when it has ended. `say`: what its thread is told, where no card tells it."""

    async def work(tx: Tx) -> bool:
        task = await tasks.lock(tx, tenant, task_id)
        if not await tasks.ask_to_stop(tx, tenant, task_id):
            return False
        await note(tx, task, "stop_requested", {"who": by})
        if say and task.proposal_id is None:
            await tell(tx, task, f"stopped:{task.id}", f"{say}.")
        if task.state in WAITING or await _approved_but_not_begun(tx, task):
            await cancel(tx, task, why)
        return True

    try:
        return await transact(db, work)
    except (LostRace, NotFound):
        return False


async def _approved_but_not_begun(tx: Tx, task: Task) -> bool:
    if task.state is not TaskState.EXECUTING or task.owner is not None:
        return False
    return await intents.find(tx, task.tenant, f"proposal:{task.proposal_id}") is None
