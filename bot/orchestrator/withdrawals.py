"""What ends without having run: a proposal taken back, an undo that will not be."""

from bot.lifecycle.moves import move, note, show_card
from bot.lifecycle.plans import release
from storage import proposals
from storage.db import Tx
from storage.records import Proposal, ProposalState, Task, TaskState

_WAITING = (ProposalState.OPEN, ProposalState.APPROVED)


async def cancel(tx: Tx, task: Task, why: str) -> None:
    """End a task that no worker holds: its waiting proposal, too, and its card says so."""
    every = await proposals.of_task(tx, task.tenant, task.id)
    for proposal in every:
        if proposal.state in _WAITING:
            of_plan = [one for one in every if proposal.is_plan and one.plan_id == proposal.id]
            ran = sum(one.state is ProposalState.RAN for one in of_plan)
            if ran:
                outcome = f"{ran} of {len(of_plan)} ran, then it was {why}. Undo takes back what ran."
                await proposals.move(tx, proposal, ProposalState.FAILED, outcome=outcome)
            else:
                await proposals.move(tx, proposal, ProposalState.CANCELLED, outcome=why)
            await note(tx, task, "withdrawn", {"proposal": proposal.id, "why": why})
            await show_card(tx, task, proposal.card_id)
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
