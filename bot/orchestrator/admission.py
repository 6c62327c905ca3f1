"""Whether a request may be worked on now: a channel that is switched off, or one that asks too much at once.

Nothing is dropped silently: who is turned away is told, and what is too much waits its turn.
"""

from bot.lifecycle.moves import note, tell
from bot.orchestrator.requests import Request
from storage import audit, inbox, posts, turns
from storage.db import Tx
from storage.records import PostKind, Source, Task

_SPOKEN_TO = (Source.MENTION, Source.DM, Source.COMMAND)
_UNLIMITED = (Source.UNDO, Source.SCHEDULE, Source.CLI, Source.API)


async def turn_away(tx: Tx, request: Request) -> None:
    """Say in the thread that the channel is switched off; whoever did not speak to us is not answered."""
    await audit.append(
        tx,
        request.tenant,
        "ops.request.turned_away",
        body={"channel": request.channel, "requester": request.requester, "why": "channel switched off"},
    )
    if request.source in _SPOKEN_TO:
        await posts.want(
            tx,
            tenant=request.tenant,
            kind=PostKind.NOTICE,
            subject=f"off:{request.thread_ts}",
            channel=request.channel,
            thread_ts=request.thread_ts,
            body={"text": "I am switched off in this channel. An admin can change that with /autopilot settings."},
        )


async def wait_its_turn(tx: Tx, task: Task, per_minute: int) -> None:
    """Put a task off when its channel has begun enough in this minute; the first one put off says so, once."""
    if task.source in _UNLIMITED:
        return
    delay, others_wait = await turns.next_turn(tx, task, per_minute)
    if delay <= 0:
        return
    await turns.put_off(tx, task, delay)
    await note(tx, task, "put_off", {"seconds": round(delay), "per_minute": per_minute})
    minute = int((await tx.time()) // 60)
    if others_wait or not await inbox.first_time(tx, task.tenant, f"busy:{task.channel}:{minute}", "busy"):
        return
    await tell(
        tx,
        task,
        f"busy:{task.id}",
        f"I begin at most {per_minute} requests a minute in this channel. This one and the next wait their turn; "
        "none is lost. An admin can raise the limit with /autopilot settings.",
    )
