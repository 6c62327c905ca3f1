"""What time does: leases run out, proposals expire, old delivery keys are forgotten."""

from bot.lifecycle.moves import move, note, show_card, tell
from bot.orchestrator.withdrawals import end_undo, release
from storage import inbox, intents, posts, proposals, steps, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace, NotFound
from storage.records import IntentState, Proposal, ProposalState, Source, StepKind, Task, TaskState

KEYS_KEPT = 7 * 86400
"""seconds a delivery key is remembered; Slack's last retry comes after minutes"""


async def expire(db: Database) -> int:
    """End every proposal whose time has passed: nobody answered, which is not a No."""
    async with db.read() as tx:
        late = await proposals.overdue(tx)
    ended = 0
    for proposal in late:
        try:
            await transact(db, lambda tx, one=proposal: _expire(tx, one))  # type: ignore[misc]  # bound at once
            ended += 1
        except LostRace:
            continue
    return ended


async def _expire(tx: Tx, proposal: Proposal) -> None:
    task = await tasks.lock(tx, proposal.tenant, proposal.task_id)
    await proposals.move(tx, proposal, ProposalState.EXPIRED, outcome="nobody answered in time")
    await note(tx, task, "expired", {"proposal": proposal.id})
    await show_card(tx, task, proposal.id)
    if task.state is not TaskState.NEEDS_APPROVAL or task.proposal_id != proposal.id:
        await release(tx, proposal)
        return
    if task.source is Source.UNDO:
        await end_undo(tx, task, proposal, "nobody answered in time")
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

    async def work(tx: Tx) -> int:
        if not only_expired:
            await posts.take_back(tx)
        freed = await tasks.take_back(tx, only_expired=only_expired)
        for task in freed:
            await note(tx, task, "taken_over", {"state": task.state})
            if task.state is TaskState.FAILED_TERMINAL:
                await _tell_worn_out(tx, task)
            elif task.state is TaskState.EXECUTING and task.attempt >= tasks.MOST_ATTEMPTS:
                await _worn_out_executing(tx, task)
        return len(freed)

    return await transact(db, work)


async def _worn_out_executing(tx: Tx, task: Task) -> None:
    """An approved call that kills each worker: nothing ran when it has no intent, else a person must say."""
    why = "the worker died on it again and again"
    try:
        proposal = await proposals.get(tx, task.tenant, task.proposal_id or "")
    except NotFound:
        await _end(tx, task, "its proposal is gone from the record")
        return
    intent = await intents.find(tx, task.tenant, f"proposal:{proposal.id}")
    if intent is None:
        if proposal.state is ProposalState.APPROVED:
            await proposals.move(tx, proposal, ProposalState.FAILED, outcome=f"{why}; nothing ran")
        await release(tx, proposal)
        await _end(tx, task, f"{why}; nothing ran")
    else:
        if intent.state is IntentState.STARTED:
            await intents.finish(tx, intent, IntentState.IN_DOUBT, outcome=why)
        if proposal.state is ProposalState.RUNNING:
            await proposals.move(tx, proposal, ProposalState.IN_DOUBT, outcome=f"{why}; whether it took is not known")
        await move(tx, task, TaskState.ESCALATED_TO_HUMAN, why=why)
    await posts.refresh(tx, task.tenant, proposal.id)


async def _end(tx: Tx, task: Task, why: str) -> None:
    await _tell_worn_out(tx, task)
    await move(tx, task, TaskState.FAILED_TERMINAL, why=why)


async def _tell_worn_out(tx: Tx, task: Task) -> None:
    text = "This task ended: its worker died on it again and again. An operator should look at the logs."
    await tell(tx, task, f"worn-out:{task.id}", text, kind="error")


async def forget(db: Database) -> None:
    """Drop delivery keys that can no longer come again."""
    async with db.write() as tx:
        await inbox.forget(tx, KEYS_KEPT)
