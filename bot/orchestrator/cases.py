"""Threads that people keep as evaluation cases: asked again later, to see whether the bot got better or worse."""

from collections.abc import Callable

from storage import audit, evaluations, inbox, posts, tasks
from storage.db import Database, Tx
from storage.evaluations import EvaluationKind
from storage.records import Task


async def keep_thread(
    db: Database, clean: Callable[[str], str], *, tenant: str, channel: str, ts: str, who: str, key: str
) -> bool:
    """Keep the thread of this message as a case; False when it is none of ours, or kept already.

    `clean` takes the secrets out of what was asked.
    """
    async with db.write() as tx:
        task = await _task_of(tx, tenant, channel, ts)
        if task is None or not await inbox.first_time(tx, tenant, key, "reaction"):
            return False
        kept = await evaluations.keep(
            tx, task, kind=EvaluationKind.KEPT, subject=_subject(task), request=clean(task.text), by=who
        )
        if kept:
            await _note(tx, task, "kept", who)
        return kept


async def drop_thread(db: Database, *, tenant: str, channel: str, ts: str, who: str, key: str) -> bool:
    """Forget the case of this message's thread; False when there was none."""
    async with db.write() as tx:
        task = await _task_of(tx, tenant, channel, ts)
        if task is None or not await inbox.first_time(tx, tenant, key, "reaction"):
            return False
        dropped = await evaluations.drop(tx, tenant, EvaluationKind.KEPT, _subject(task))
        if dropped:
            await _note(tx, task, "dropped", who)
        return dropped


async def _task_of(tx: Tx, tenant: str, channel: str, ts: str) -> Task | None:
    """The task whose thread this message is in: the request itself, or one of our own messages."""
    post = await posts.at(tx, tenant, channel, ts)
    if post is not None and post.task_id is not None:
        return await tasks.get(tx, tenant, post.task_id)
    return await tasks.asked_by(tx, tenant, channel, ts)


def _subject(task: Task) -> str:
    return f"{task.channel}:{task.thread_ts}"


async def _note(tx: Tx, task: Task, event: str, who: str) -> None:
    await audit.append(
        tx,
        task.tenant,
        f"ops.evaluation_case.{event}",
        task_id=task.id,
        correlation_id=task.correlation_id,
        body={"who": who, "channel": task.channel, "thread_ts": task.thread_ts},
    )
