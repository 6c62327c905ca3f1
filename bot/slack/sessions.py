"""Keeps Slack's word for each thread true: processing; suspended while people decide; active when all is done."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from bot.slack.faults import Failure, Fault, classify
from bot.slack.workspaces import Workspaces
from storage import posts, tasks
from storage.db import Database
from storage.errors import LOST_DATABASE, LostRace
from storage.ids import new_id
from storage.records import Post, Task, TaskState

POLL = 1.0
AT_ONCE = 8
LONGEST_LULL = 2.0
"""seconds that this waits at most for approved calls to begin"""
GATHER = 0.2
"""seconds between two looks: what a thread was in between, nobody has seen"""
LEASE = 15.0
_PASSING = (Fault.RATE_LIMITED, Fault.NOT_SENT, Fault.UNKNOWN)
_LONGEST_PAUSE = 60.0
_TITLE = 200
_log = structlog.get_logger(__name__)


def status_of(open_tasks: Sequence[Task]) -> str:
    """Slack's word for a thread with these tasks that have not ended; a waiting approval is `suspended`."""
    waits = (TaskState.NEEDS_APPROVAL, TaskState.ESCALATED_TO_HUMAN)
    if any(task.state not in waits for task in open_tasks):
        return "processing"
    return "suspended" if open_tasks else "active"


@dataclass(kw_only=True)
class Sessions:
    """Tells Slack. Any number of replicas may run one; what each says is read when it is said."""

    db: Database
    workspaces: Workspaces
    name: str = field(default_factory=lambda: new_id("e"))
    _unknown_in: set[str] = field(default_factory=set)
    """workspaces whose Slack knows no agents; it is asked once"""

    async def run(self) -> None:
        """Tell until cancelled."""
        wake = self.db.wakes.of(posts.WAKE_SESSIONS)
        while True:
            await self.db.precedence.lull(LONGEST_LULL)
            wake.clear()
            try:
                told = await self.once()
            except LOST_DATABASE as error:
                _log.warning("sessions could not be read; trying again", why=type(error).__name__)
                told = 0
            if told < AT_ONCE:
                await asyncio.sleep(GATHER if told else 0)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await wake.wait()

    async def once(self) -> int:
        """Tell what is behind; how many were looked at."""
        async with self.db.write() as tx:
            behind = await posts.claim(tx, owner=self.name, lease=LEASE, limit=AT_ONCE, sessions=True)
        await asyncio.gather(*(self._bring_up(post) for post in behind))
        return len(behind)

    async def _bring_up(self, post: Post) -> None:
        failure = await self._tell(post)
        with contextlib.suppress(LostRace):
            async with self.db.write() as tx:
                if failure is not None and failure.fault in _PASSING:
                    delay = failure.retry_after or min(_LONGEST_PAUSE, 0.5 * 2 ** min(post.attempt, 7))
                    await posts.put_off(tx, post, delay, owner=self.name)
                elif not await posts.sent(tx, post, None, owner=self.name):
                    self.db.wakes.ring(posts.WAKE_SESSIONS)

    async def _tell(self, post: Post) -> Failure | None:
        """What Slack said against it, if anything."""
        if post.tenant in self._unknown_in:
            return None
        async with self.db.read() as tx:
            here = await tasks.open_in_thread(tx, post.tenant, post.channel, post.thread_ts)
            newest = await tasks.newest_in_thread(tx, post.tenant, post.channel, post.thread_ts)
        try:
            await self.workspaces.client(post.tenant).agents_sessions_setStatus(
                channel_id=post.channel,
                thread_ts=post.thread_ts,
                status=status_of(here),
                title=newest.title[:_TITLE] if newest is not None else "",
            )
        except Exception as error:
            failure = classify(error)
            if failure is None:
                raise
            if failure.error == "unknown_method":
                self._unknown_in.add(post.tenant)
            return failure
        return None
