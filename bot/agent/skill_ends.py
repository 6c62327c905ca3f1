"""What follows from a turn in which skills ended or asked to alert people. Written with the turn."""

import re
from collections.abc import Sequence

from bot.agent.turn import Turn
from bot.brains.base import Alert
from bot.lifecycle.moves import note, show_picture, tell
from storage import notices, posts, skill_runs
from storage.db import Tx
from storage.records import UNATTENDED, PostKind, Step, StepKind, Task

TOLD_AGAIN_AFTER = 3_600.0
"""seconds until the same alert of what runs by itself is a message of its own again"""


async def keep(tx: Tx, task: Task, turn: Turn, before: Sequence[Step]) -> None:
    """Put the runs of skills that ended on record, and tell people what they are to be told."""
    for ended in turn.ended:
        called = [s for s in before if s.kind is StepKind.CALLED and str(s.body["call_id"]).startswith(ended.path)]
        if task.dry_run and ended.changed:
            continue
        await skill_runs.add(
            tx,
            task,
            path=ended.path,
            skill=ended.skill,
            hashed=ended.hash,
            ok=not ended.failed,
            changed=ended.changed,
            helped=ended.helped,
            since=called[0].at if called else await tx.time(),
        )
    for chart in turn.charts:
        await show_picture(tx, task, chart.call_id)
    for place, alert in enumerate(turn.alerts):
        await _alert(tx, task, f"alert:{task.id}:{task.turns}:{place}", alert)


async def alerts_of(tx: Tx, task: Task) -> list[str]:
    """What people were to be told at once in this task, oldest first."""
    return [str(post.body["text"]) for post in await notices.of_task(tx, task.tenant, task.id, f"alert:{task.id}:")]


async def _alert(tx: Tx, task: Task, subject: str, alert: Alert) -> None:
    """Tell people, where they look; what a watcher finds again and again they are told once in a while."""
    await note(tx, task, "alerted", {"text": alert.text, "severity": alert.severity})
    if task.dry_run:
        await tell(tx, task, subject, f"Dry run: here I would alert people: {alert.text}", kind="info")
        return
    if task.source not in UNATTENDED:
        await tell(tx, task, subject, alert.text, kind="warning")
        return
    since = await tx.time() - TOLD_AGAIN_AFTER
    told = await notices.since(tx, task.tenant, task.channel, since)
    about = _about(alert)
    if any(post.body.get("alert") == about for post in told):
        await tell(tx, task, subject, f"Still so, and told in the channel less than an hour ago: {alert.text}")
        return
    # Nobody follows the thread of what ran by itself: a message of its own, which mentions whose run it is.
    await posts.want(
        tx,
        tenant=task.tenant,
        kind=PostKind.NOTICE,
        subject=subject,
        channel=task.channel,
        task_id=task.id,
        body={
            "text": f"<@{task.requester}> {alert.severity}: {alert.text}",
            "kind": "error" if alert.severity == "critical" else "warning",
            "correlation_id": task.correlation_id,
            "alert": about,
        },
    )


def _about(alert: Alert) -> str:
    """What it is about, whatever the numbers in it are at the moment."""
    return f"{alert.severity}: {re.sub(r'[0-9][0-9.,]*', '#', alert.text)}"
