"""The message of one day (UTC) under which all runs of a schedule stand that come by themselves: one, kept up to date.

A run every five minutes is 288 a day. What has nothing to tell is counted there and says nothing; what has, is told
in the thread, and a change that waits for people is pointed out in the channel.
"""

from datetime import UTC, datetime

from storage import posts
from storage.db import Tx
from storage.records import JsonObject, PostKind, ScheduleRun, Source, Task

_PREFIX = "schedule-day:"


def subject_of(run: ScheduleRun) -> str:
    """What the message of the run's day shows."""
    return f"{_PREFIX}{run.schedule_id}:{_day(run):%Y-%m-%d}"


async def announce(tx: Tx, run: ScheduleRun) -> None:
    """Ask for the day's message, where there is none yet."""
    if not await posts.showing(tx, run.tenant, subject_of(run)):
        await _show(tx, run, {"runs": 0, "quiet": 0})


async def count(tx: Tx, run: ScheduleRun, *, quiet: bool) -> None:
    """One more run has ended; `quiet`: it had nothing to tell."""
    shown = await posts.showing(tx, run.tenant, subject_of(run))
    before = shown[0].body if shown else {}
    runs, silent = int(str(before.get("runs", 0))), int(str(before.get("quiet", 0)))
    await _show(tx, run, {"runs": runs + 1, "quiet": silent + quiet, "last": await tx.time()})


async def _show(tx: Tx, run: ScheduleRun, counted: JsonObject) -> None:
    text = f"A schedule, in the name of <@{run.requester}>: {run.text[:1_500]}\n{_day(run):%-d %B %Y} (UTC)"
    if counted["runs"]:
        last = datetime.fromtimestamp(float(str(counted["last"])), UTC)
        text += f": came {counted['runs']} times, the last at {last:%H:%M}; {counted['quiet']} times it was well."
    body: JsonObject = {"text": text, "kind": "info", **counted}
    await posts.want(
        tx, tenant=run.tenant, kind=PostKind.NOTICE, subject=subject_of(run), channel=run.channel, body=body
    )


async def stands_under_one(tx: Tx, task: Task) -> bool:
    """Whether the task is a run in the thread of such a message."""
    if task.source is not Source.SCHEDULE:
        return False
    root = await posts.at(tx, task.tenant, task.channel, task.thread_ts)
    return root is not None and root.subject.startswith(_PREFIX)


def pointer_of(proposal_id: str) -> str:
    """What the sentence shows that points out a card."""
    return f"schedule-asks:{proposal_id}"


async def point_out(tx: Tx, task: Task, proposal_id: str) -> None:
    """Say in the channel that a change waits in the thread, which nobody follows."""
    if await stands_under_one(tx, task):
        await posts.want(
            tx,
            tenant=task.tenant,
            kind=PostKind.NOTICE,
            subject=pointer_of(proposal_id),
            channel=task.channel,
            task_id=task.id,
            body={"text": f"The schedule “{task.title}” asks people to decide.", "kind": "info", "about": proposal_id},
        )


def _day(run: ScheduleRun) -> datetime:
    return datetime.fromtimestamp(run.planned_at, UTC)
