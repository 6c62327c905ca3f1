"""Stop: what runs ends soon, what waits ends now, what was said stays."""

from bot.lifecycle.moves import move, note, show_card
from storage import proposals, tasks
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import Proposal, ProposalState, Task, TaskState


async def stop(db: Database, tenant: str, task_id: str, who: str) -> bool:
    """Stop one task on a person's word; False when it had already ended or a change of it is just running."""
    for _ in range(5):
        try:
            async with db.write() as tx:
                task = await tasks.get(tx, tenant, task_id)
                if not await tasks.ask_to_stop(tx, tenant, task_id):
                    return False
                await note(tx, task, "stop_requested", {"who": who})
                if task.state in (TaskState.QUEUED, TaskState.NEEDS_APPROVAL, TaskState.FAILED_RETRYABLE):
                    await cancel(tx, task, f"stopped by <@{who}>")
                return True
        except LostRace:
            continue
    return False


async def cancel(tx: Tx, task: Task, why: str) -> None:
    """End a task that is not executing: its open proposal, too, and its card says so."""
    for proposal in await proposals.of_task(tx, task.tenant, task.id):
        if proposal.state is ProposalState.OPEN:
            await withdraw(tx, proposal, why)
            await show_card(tx, task, proposal.id)
    await move(tx, task, TaskState.CANCELLED, why=why, proposal_id=None)


async def withdraw(tx: Tx, proposal: Proposal, why: str) -> None:
    await proposals.move(tx, proposal, ProposalState.CANCELLED, outcome=why)
