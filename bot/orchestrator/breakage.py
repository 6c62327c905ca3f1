"""How a task ends that broke its workers again and again: by what the record says of its call, never by a guess."""

from bot.lifecycle.moves import move, tell
from bot.lifecycle.plans import close, release
from storage import intents, posts, proposals
from storage.db import Tx
from storage.errors import NotFound
from storage.records import IntentState, Proposal, ProposalState, Source, Task, TaskState

_UNDECIDED = (ProposalState.APPROVED, ProposalState.RUNNING)
_DOUBTFUL = (IntentState.STARTED, IntentState.IN_DOUBT)


async def end_executing(tx: Tx, task: Task, why: str) -> None:
    """End a task with an approved call: nothing ran, it ran, or a person must say. `why` is said to people."""
    try:
        proposal = await proposals.get(tx, task.tenant, task.proposal_id or "")
    except NotFound:
        await _end(tx, task, f"{why}, and its proposal is gone from the record")
        return
    intent = await intents.find(tx, task.tenant, f"proposal:{proposal.id}")
    if proposal.state is ProposalState.IN_DOUBT or (intent is not None and intent.state in _DOUBTFUL):
        if intent is not None and intent.state is IntentState.STARTED:
            await intents.finish(tx, intent, IntentState.IN_DOUBT, outcome=why)
        if proposal.state in _UNDECIDED:
            await proposals.move(tx, proposal, ProposalState.IN_DOUBT, outcome=f"{why}; whether it took is not known")
        await move(tx, task, TaskState.ESCALATED_TO_HUMAN, why=why)
    elif intent is None:
        if proposal.state in _UNDECIDED:
            proposal = await proposals.move(tx, proposal, ProposalState.FAILED, outcome=f"{why}; nothing ran")
        await release(tx, proposal)
        await _end(tx, task, f"{why}; nothing ran")
    else:
        ran = intent.state is IntentState.RAN
        if proposal.state in _UNDECIDED:
            to = ProposalState.RAN if ran else ProposalState.FAILED
            proposal = await proposals.move(tx, proposal, to, outcome=intent.outcome)
        await _after_it_ended(tx, task, proposal, why)
    await close(tx, task, proposal, why)
    await posts.refresh(tx, task.tenant, proposal.card_id)


async def _after_it_ended(tx: Tx, task: Task, proposal: Proposal, why: str) -> None:
    """The call itself is over and its card says how, so there is no doubt to resolve: only the rest is lost."""
    ran = proposal.state is ProposalState.RAN
    if task.source is Source.UNDO and ran:
        await move(tx, task, TaskState.COMPLETED, why=why, proposal_id=None)
        return
    if not ran:
        await release(tx, proposal)
    how = "the change itself was made" if ran else "the change was not made"
    await _end(tx, task, f"{why}; {how}, as its card says")


async def _end(tx: Tx, task: Task, why: str) -> None:
    text = f"This task ended: {why}. An operator can find it by the id below."
    await tell(tx, task, f"worn-out:{task.id}", text, kind="error")
    await move(tx, task, TaskState.FAILED_TERMINAL, why=why)
