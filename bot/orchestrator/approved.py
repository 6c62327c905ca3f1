"""An approved call that did not run at once: what an earlier life came to, and one whose approvers cannot be asked."""

from bot.lifecycle.moves import tell
from storage import tasks
from storage.db import Database
from storage.records import Proposal, ProposalState, Task, TaskState
from tools.outcomes import Failed, Refused


def ended_before(proposal: Proposal) -> Failed | Refused | None:
    """The outcome of an earlier life that ended it without a run; what people were told stays so."""
    if proposal.state is ProposalState.REFUSED:
        return Refused(because=(), message=proposal.outcome)
    if proposal.state is ProposalState.FAILED:
        return Failed(message=proposal.outcome, reason="failed before")
    return None


async def ask_later(db: Database, held: Task, owner: str, why: str) -> bool:
    """Put an approved call back until somebody can say whether its approvers still may; its expiry ends that.

    False when this task is not one, or no longer `owner`'s.
    """
    async with db.write() as tx:
        task = await tasks.get(tx, held.tenant, held.id)
        if task.state is not TaskState.EXECUTING or task.owner != owner:
            return False
        told = f"Approved, but it does not run yet: {why}. I try again every few seconds, until it expires."
        await tell(tx, task, f"people:{task.proposal_id}", told, kind="warning")
        await tasks.move(tx, task, TaskState.EXECUTING, delay=min(30.0, 2.0 * task.attempt), reason=why)
    return True
