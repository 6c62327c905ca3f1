"""Presses on cards that no longer say how things stand: said so in words, and the pressed card is drawn again."""

from bot.orchestrator.requests import Answer, Click, Said
from storage import posts, proposals, tasks
from storage.db import Database, Tx
from storage.errors import NotFound
from storage.records import OPEN_STATES, Proposal, ProposalState, Task, TaskState

_ENDS = {
    ProposalState.RAN: "it was approved and has already run",
    ProposalState.FAILED: "it was approved already, and failed",
    ProposalState.REFUSED: "it was approved already, and the check before the run refused it",
    ProposalState.REJECTED: "it was already rejected",
    ProposalState.EXPIRED: "it has expired; ask again",
    ProposalState.CANCELLED: "it was cancelled",
}
GONE = Answer(said=Said.STALE, message="there is no such proposal here")


async def stale(db: Database, click: Click) -> Answer | None:
    """How it stands, when nobody can say yes or no to it any more; None while people can."""
    async with db.read() as tx:
        try:
            proposal = await proposals.get(tx, click.tenant, click.proposal_id)
            task = await tasks.get(tx, click.tenant, proposal.task_id)
        except NotFound:
            return GONE
        late = await tx.time() >= proposal.expires_at
    if waits(proposal, task) and not late:
        return None
    async with db.write() as tx:
        await redraw(tx, click)
    return Answer(said=Said.STALE, message=how_it_stands(proposal, late=late))


def waits(proposal: Proposal, task: Task) -> bool:
    """Whether people are asked about it now."""
    asked = proposal.state is ProposalState.OPEN and task.state is TaskState.NEEDS_APPROVAL
    return asked and task.proposal_id == proposal.id


def how_it_stands(proposal: Proposal, *, late: bool) -> str:
    """Why a press comes too late, in words."""
    if late and proposal.state is ProposalState.OPEN:
        return "it has expired; ask again"
    if proposal.state is ProposalState.SUPERSEDED:
        return "a newer proposal replaced this one"
    if proposal.state in OPEN_STATES:
        return "it is already approved and on its way"
    return _ENDS.get(proposal.state, "it has already ended")


async def redraw(tx: Tx, click: Click) -> None:
    """Draw again every card of the pressed proposal, and the very message that was pressed, whatever it shows."""
    await posts.refresh(tx, click.tenant, click.proposal_id)
    if click.message_ts:
        await posts.refresh_at(tx, click.tenant, (click.channel, click.who), click.message_ts)
