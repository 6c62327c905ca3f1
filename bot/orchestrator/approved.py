"""An approved call that did not run at once: what an earlier life came to, and one that cannot be begun right now."""

from bot.lifecycle.moves import tell
from storage import intents, proposals, tasks
from storage.db import Database
from storage.records import Proposal, ProposalState, Task, TaskState
from tools.outcomes import Failed, Refused

OTHER_VERSION = "another version of this program sealed it, and only a replica of that version can run it"


def ended_before(proposal: Proposal) -> Failed | Refused | None:
    """The outcome of an earlier life that ended it without a run; what people were told stays so."""
    if proposal.state is ProposalState.REFUSED:
        return Refused(because=(), message=proposal.outcome)
    if proposal.state is ProposalState.FAILED:
        return Failed(message=proposal.outcome, reason="failed before")
    return None


async def ask_later(db: Database, held: Task, owner: str, why: str) -> bool:
    """Put an approved call back until it can be begun, and wear out no worker by that; its expiry ends it.

    False when this task is not one, or no longer `owner`'s.
    """
    async with db.write() as tx:
        task = await tasks.get(tx, held.tenant, held.id)
        if task.state is not TaskState.EXECUTING or task.owner != owner:
            return False
        proposal = await proposals.get(tx, task.tenant, task.proposal_id or "")
        if await intents.find(tx, task.tenant, f"proposal:{proposal.id}") is None:
            told = f"Approved, but it does not run yet: {why}. I try again every few seconds, until it expires."
            await tell(tx, task, f"people:{task.proposal_id}", told, kind="warning")
        waited = await tx.time() - (proposal.decided_at or 0.0)
        delay = min(max(2.0, waited / 4), 30.0)
        await tasks.move(tx, task, TaskState.EXECUTING, delay=delay, reason=why, attempt=task.attempt - 1)
    return True
