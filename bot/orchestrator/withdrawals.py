"""What ends without having run: a proposal taken back, an undo that will not be."""

from bot.lifecycle.moves import move, note, show_card
from storage import posts, proposals
from storage.db import Tx
from storage.records import Proposal, ProposalState, Task, TaskState

_WAITING = (ProposalState.OPEN, ProposalState.APPROVED)


async def cancel(tx: Tx, task: Task, why: str) -> None:
    """End a task that no worker holds: its waiting proposal, too, and its card says so."""
    for proposal in await proposals.of_task(tx, task.tenant, task.id):
        if proposal.state in _WAITING:
            await proposals.move(tx, proposal, ProposalState.CANCELLED, outcome=why)
            await note(tx, task, "withdrawn", {"proposal": proposal.id, "why": why})
            await show_card(tx, task, proposal.id)
            await release(tx, proposal)
    if task.state is TaskState.EXECUTING:  # approved, not begun: there is no shorter way between the two states
        task = await move(tx, task, TaskState.QUEUED, proposal_id=None)
    await move(tx, task, TaskState.CANCELLED, why=why, proposal_id=None)


async def end_undo(tx: Tx, task: Task, proposal: Proposal, why: str) -> None:
    """End the task of an undo that people turned down; Undo is offered again."""
    await release(tx, proposal)
    if task.state is TaskState.EXECUTING:
        task = await move(tx, task, TaskState.QUEUED, proposal_id=None)
    await move(tx, task, TaskState.CANCELLED, why=why, proposal_id=None)


async def release(tx: Tx, proposal: Proposal) -> None:
    """Offer Undo again on what this proposal would have taken back."""
    if proposal.undoes is not None:
        await proposals.mark(tx, proposal.tenant, proposal.undoes, undone_by=None)
        await posts.refresh(tx, proposal.tenant, proposal.undoes)
