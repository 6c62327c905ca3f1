"""Show more: the next part of a long answer is posted in its thread, for everybody, once; then its button goes."""

from bot.slack.presses import MorePress
from storage import posts, streams, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import NotFound
from storage.records import JsonObject, PostKind, Task

_STANDS = "All of this answer stands below."
_FORGOTTEN = "What stood behind here is no longer kept. Ask again, and I look into it anew."


async def show_more(db: Database, press: MorePress) -> str:
    """Ask that the part a button stands for be posted; "" or, when it is not, words for who pressed."""

    async def work(tx: Tx) -> str:
        try:
            task = await tasks.get(tx, press.tenant, press.task_id)
        except NotFound:
            return _FORGOTTEN
        if task.channel != press.channel or task.emptied_at is not None:
            return _FORGOTTEN
        found = await streams.unfold(tx, task.tenant, task.id, press.part)
        if found is None:
            return _STANDS
        if found.above is not None:
            ts = str(found.above["ts"])
            if not await posts.showing(tx, task.tenant, f"replaced:{task.id}:{ts}"):
                await _want(tx, task, -1, found.above, ts=ts)
        for earlier in await posts.showing(tx, task.tenant, _subject(task.id, press.part - 1)):
            if press.part > 0:
                await _want(tx, task, press.part - 1, {**earlier.body, "left": 0})
        body: JsonObject = {"text": found.words, "kind": "answer", "part": press.part + 1, "left": found.left}
        await _want(tx, task, press.part, body)
        return ""

    return await transact(db, work)


async def _want(tx: Tx, task: Task, part: int, body: JsonObject, *, ts: str | None = None) -> None:
    await posts.want(
        tx,
        tenant=task.tenant,
        kind=PostKind.NOTICE,
        subject=_subject(task.id, part),
        channel=task.channel,
        thread_ts=task.thread_ts,
        task_id=task.id,
        body=body,
        ts=ts,
    )


def _subject(task_id: str, part: int) -> str:
    return f"more:{task_id}:{part}"
