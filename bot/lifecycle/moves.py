"""One move of a task: checked against the state machine, written with its audit entry."""

from typing import Any

from bot.lifecycle.states import check
from storage import audit, posts, tasks
from storage.db import Tx
from storage.records import JsonObject, PostKind, Source, Task, TaskState

EVENTS = {
    TaskState.COMPLETED: "completed",
    TaskState.FAILED_RETRYABLE: "retried",
    TaskState.FAILED_TERMINAL: "failed",
    TaskState.ESCALATED_TO_HUMAN: "escalated",
    TaskState.CANCELLED: "cancelled",
    TaskState.NEEDS_APPROVAL: "waiting",
}
_SEEN = (TaskState.NEEDS_APPROVAL, TaskState.EXECUTING, *tasks.FINAL)
"""states that a thread's session shows differently from the one before; work that begins says so on its stage"""


async def move(
    tx: Tx, task: Task, to: TaskState, *, why: str = "", keep: bool = False, delay: float = 0.0, **columns: Any
) -> Task:
    """Move a task and say so in the audit log, in the caller's transaction.

    Raises:
        IllegalMove: the state machine has no such move.
        LostRace: somebody moved the task since it was read.
    """
    check(task.state, to)
    moved = await tasks.move(tx, task, to, keep=keep, delay=delay, reason=why, **columns)
    if to in EVENTS:
        await note(tx, moved, EVENTS[to], {"why": why})
    if to in _SEEN:
        await show_session(tx, moved)
    return moved


async def show_session(tx: Tx, task: Task) -> None:
    """Ask that the thread's session say how the work in it stands."""
    if task.thread_ts and task.source is not Source.CLI:
        await posts.want_session(tx, task.tenant, task.channel, task.thread_ts)


async def note(tx: Tx, task: Task, event: str, body: JsonObject) -> None:
    """One audit entry about this task."""
    await audit.append(
        tx, task.tenant, f"ops.agent_task.{event}", task_id=task.id, correlation_id=task.correlation_id, body=body
    )


async def tell(tx: Tx, task: Task, subject: str, text: str, *, kind: str = "info") -> None:
    """Ask that one sentence be posted in the task's thread, once under this subject."""
    await posts.want(
        tx,
        tenant=task.tenant,
        kind=PostKind.NOTICE,
        subject=subject,
        channel=task.channel,
        thread_ts=task.thread_ts,
        task_id=task.id,
        body={"text": text, "kind": kind, "correlation_id": task.correlation_id},
    )


async def show_card_in(tx: Tx, task: Task, proposal_id: str, channel: str) -> None:
    """Ask that the card be posted in this channel as well; it is kept up to date there like everywhere."""
    if channel and channel != task.channel:
        await posts.want(
            tx, tenant=task.tenant, kind=PostKind.CARD, subject=proposal_id, channel=channel, task_id=task.id
        )


async def show_card(tx: Tx, task: Task, proposal_id: str) -> None:
    """Ask that the proposal's card be posted in the task's thread, or brought up to date wherever it is."""
    await posts.refresh(tx, task.tenant, proposal_id)
    if not await posts.showing(tx, task.tenant, proposal_id):
        await posts.want(
            tx,
            tenant=task.tenant,
            kind=PostKind.CARD,
            subject=proposal_id,
            channel=task.channel,
            thread_ts=task.thread_ts,
            task_id=task.id,
        )


async def show_picture(tx: Tx, task: Task, call_id: str) -> None:
    """Ask that the result of a call be posted in the task's thread as a picture, once."""
    await posts.want(
        tx,
        tenant=task.tenant,
        kind=PostKind.PICTURE,
        subject=f"picture:{task.id}:{call_id}",
        channel=task.channel,
        thread_ts=task.thread_ts,
        task_id=task.id,
        body={"call": call_id},
    )
