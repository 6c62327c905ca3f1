"""What time does: leases run out, proposals expire, old delivery keys are forgotten."""

import logging

from bot.lifecycle.moves import move, note, show_card, show_session, tell
from bot.lifecycle.plans import release, turn_down
from bot.orchestrator.breakage import end_executing
from bot.orchestrator.withdrawals import end_undo
from storage import inbox, posts, proposals, reminders, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LOST_DATABASE, LostRace
from storage.records import JsonObject, Proposal, ProposalState, Source, Task, TaskState

log = logging.getLogger(__name__)

FORGOTTEN_AT_ONCE = 500
"""on SQLite a delete runs on the event loop, and acks wait for it"""


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
        except LOST_DATABASE:
            raise
        except Exception:  # one row that cannot be read must not keep the others from ending
            log.exception("a proposal could not be ended; the others are", extra={"proposal": proposal.id})
    return ended


async def _expire(tx: Tx, proposal: Proposal) -> None:
    task = await tasks.lock(tx, proposal.tenant, proposal.task_id)
    votes = await proposals.votes_on(tx, proposal.tenant, proposal.id)
    why = "too few people answered in time" if votes else "nobody answered in time"
    waits = task.state is TaskState.NEEDS_APPROVAL and task.proposal_id == proposal.id
    if waits:
        content: JsonObject = {"message": f"{why} before it expired; this is not a refusal"}
        calls = await turn_down(tx, task, proposal, ProposalState.EXPIRED, outcome=why, content=content)
    else:
        calls = [await proposals.move(tx, proposal, ProposalState.EXPIRED, outcome=why)]
    await reminders.end(tx, proposal.tenant, proposal.id)
    await note(tx, task, "expired", {"proposal": proposal.id, "why": why})
    await show_card(tx, task, proposal.id)
    for call in [*calls, proposal]:
        await release(tx, call)
    if not waits:
        return
    said = f"{why[:1].upper()}{why[1:]}, so nothing was changed. Ask again if it is still needed."
    await tell(tx, task, f"expired:{proposal.id}", said)
    if task.source is Source.UNDO:
        await end_undo(tx, task, proposal, why)
        return
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
                await end_executing(tx, task, "the worker died on it again and again")
        return len(freed)

    return await transact(db, work)


async def _tell_worn_out(tx: Tx, task: Task) -> None:
    text = "This task ended: its worker died on it again and again. An operator should look at the logs."
    await tell(tx, task, f"worn-out:{task.id}", text, kind="error")
    await show_session(tx, task)


async def forget(db: Database, days: float) -> None:
    """Drop delivery keys of so many days ago, some at a time: each time the write lock is held briefly."""
    while True:
        async with db.read() as tx:
            keys = await inbox.old(tx, days * 86_400, limit=FORGOTTEN_AT_ONCE)
        if not keys:
            return
        async with db.write() as tx:
            await inbox.forget(tx, keys)
