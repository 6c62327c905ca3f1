"""A request that was edited or deleted while its task is open: the task hears the new words, or stops."""

from bot.lifecycle.moves import note, tell
from bot.orchestrator import stops
from bot.orchestrator.intake import clean, shortened
from storage import inbox, posts, steps, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.records import PostKind, StepKind, Task, TaskState

WHY = "its request was deleted"


async def edited(
    db: Database, *, tenant: str, channel: str, thread_ts: str, ts: str, who: str, text: str, key: str
) -> Task | None:
    """Tell the open task of this message what it says now; None when there is none, or it was told before.

    Only its requester's edits count, and a proposal that waits stays what it is: sealed from the words before.
    """
    words = shortened(clean(text))

    async def work(tx: Tx) -> Task | None:
        task = await tasks.requested_by(tx, tenant, channel, thread_ts, ts)
        if task is None or task.requester != who or not await inbox.first_time(tx, tenant, key, "edit"):
            return None
        task = await tasks.lock(tx, tenant, task.id)
        if task.state in (TaskState.QUEUED, TaskState.RUNNING, TaskState.FAILED_RETRYABLE):
            said = f"I edited my request. It now reads:\n{words}" if words else "I took the words of my request back."
            await steps.append(tx, task, task.turns, [(StepKind.USER, {"text": said, "by": who, "edited": True})])
            await note(tx, task, "request_edited", {"by": who, "ts": ts})
            tx.hint(tasks.WAKE)
            return task
        if task.state in (TaskState.NEEDS_APPROVAL, TaskState.EXECUTING):
            said = "The request was edited, and what waits here was proposed before that. Reject it to ask anew."
            await tell(tx, task, f"edited:{task.id}", said, kind="warning")
            await note(tx, task, "request_edited", {"by": who, "ts": ts})
            return task
        return None

    return await transact(db, work)


async def deleted(db: Database, *, tenant: str, channel: str, thread_ts: str, ts: str, key: str) -> Task | None:
    """Stop the open task of this message, and tell its requester, whose thread may be gone with it."""
    async with db.read() as tx:
        task = await tasks.requested_by(tx, tenant, channel, thread_ts, ts)
    if task is None or not await stops.end(db, tenant, task.id, by=task.requester, why=WHY):
        return None
    async with db.write() as tx:
        if await inbox.first_time(tx, tenant, key, "deletion"):
            said = f"I stopped working on “{task.title}”: the message that asked for it was deleted."
            about = {"text": said, "kind": "info", "correlation_id": task.correlation_id}
            await posts.want(
                tx,
                tenant=tenant,
                kind=PostKind.NOTICE,
                subject=f"deleted:{task.id}",
                channel=task.requester,
                task_id=task.id,
                body={**about},
            )
    return task
