"""What time does: leases run out, proposals expire, old delivery keys are forgotten."""

from bot.lifecycle.moves import move, note, show_card, tell
from storage import inbox, posts, proposals, steps, tasks
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import Proposal, ProposalState, Source, StepKind, TaskState

KEYS_KEPT = 7 * 86400
"""seconds a delivery key is remembered; Slack's last retry comes after minutes"""


async def expire(db: Database) -> int:
    """End every proposal whose time has passed: nobody answered, which is not a No."""
    ended = 0
    async with db.write() as tx:
        for proposal in await proposals.overdue(tx):
            try:
                await _expire(tx, proposal)
                ended += 1
            except LostRace:
                continue
    return ended


async def _expire(tx: Tx, proposal: Proposal) -> None:
    task = await tasks.get(tx, proposal.tenant, proposal.task_id)
    await proposals.move(tx, proposal, ProposalState.EXPIRED, outcome="nobody answered in time")
    await note(tx, task, "expired", {"proposal": proposal.id})
    await show_card(tx, task, proposal.id)
    if proposal.undoes is not None:
        await proposals.mark(tx, proposal.tenant, proposal.undoes, undone_by=None)
        await posts.refresh(tx, proposal.tenant, proposal.undoes)
    if task.state is not TaskState.NEEDS_APPROVAL or task.proposal_id != proposal.id:
        return
    if task.source is Source.UNDO:
        await move(tx, task, TaskState.CANCELLED, why="nobody answered in time", proposal_id=None)
        return
    await steps.append(
        tx,
        task,
        task.turns,
        [
            (
                StepKind.RESULT,
                {
                    "call_id": proposal.call_id,
                    "tool": proposal.tool,
                    "status": "expired",
                    "content": {"message": "nobody answered before it expired; this is not a refusal"},
                },
            )
        ],
    )
    await move(tx, task, TaskState.QUEUED, proposal_id=None)


async def take_back(db: Database, *, only_expired: bool = True) -> int:
    """Free the tasks of dead workers; those that wore out their workers end with a notice."""
    async with db.write() as tx:
        freed = await tasks.take_back(tx, only_expired=only_expired)
        for task in freed:
            await note(tx, task, "taken_over", {"state": task.state})
            if task.state is TaskState.FAILED_TERMINAL:
                await tell(
                    tx,
                    task,
                    f"worn-out:{task.id}",
                    "This task ended: its worker died on it again and again. An operator should look at the logs.",
                    kind="error",
                )
        return len(freed)


async def forget(db: Database) -> None:
    """Drop delivery keys that can no longer come again."""
    async with db.write() as tx:
        await inbox.forget(tx, KEYS_KEPT)
