"""Show more: the next part of a long answer is posted in its thread, for everybody, once."""

from bot.slack.presses import MorePress
from storage import posts, streams, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import NotFound
from storage.records import JsonObject, PostKind, Task


async def show_more(db: Database, press: MorePress) -> bool:
    """Ask that the part a button stands for be posted; False when it stands there already."""

    async def work(tx: Tx) -> bool:
        try:
            task = await tasks.get(tx, press.tenant, press.task_id)
        except NotFound:
            return False
        if task.channel != press.channel:
            return False
        found = await streams.unfold(tx, task.tenant, task.id, press.part)
        if found is None:
            return False
        words, left = found
        for earlier in await posts.showing(tx, task.tenant, _subject(task.id, press.part - 1)):
            await _want(tx, task, press.part - 1, {**earlier.body, "left": 0})  # its button has done its work
        body: JsonObject = {"text": words, "kind": "answer", "part": press.part + 1, "left": left}
        await _want(tx, task, press.part, body)
        return True

    return await transact(db, work)


async def _want(tx: Tx, task: Task, part: int, body: JsonObject) -> None:
    await posts.want(
        tx,
        tenant=task.tenant,
        kind=PostKind.NOTICE,
        subject=_subject(task.id, part),
        channel=task.channel,
        thread_ts=task.thread_ts,
        task_id=task.id,
        body=body,
    )


def _subject(task_id: str, part: int) -> str:
    return f"more:{task_id}:{part}"
