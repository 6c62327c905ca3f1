"""Stage over Slack: a running task thinks aloud in its thread, and what a crash left there is tidied up."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from bot.agent.vouching import vouch
from bot.lifecycle import days
from bot.lifecycle.moves import show_session
from bot.slack.cards.answer import stop_row
from bot.slack.cards.blocks import Block
from bot.slack.cards.checked import checked_row
from bot.slack.faults import classify
from bot.slack.held_back import HeldBack
from bot.slack.mending import Mender, SlackAway
from bot.slack.progress import SlackProgress
from bot.slack.replay import covered, pieces
from bot.slack.streaming import StreamFilter, StreamWriter
from bot.slack.stretch import held
from bot.slack.thread import ThreadMessage, read_thread
from bot.slack.workspaces import Workspaces
from storage import steps as step_store
from storage import streams, tasks
from storage.db import Database
from storage.errors import LostRace
from storage.ids import new_id
from storage.records import Post, Step, Task, TaskState
from tools.registry import Registry

LONGEST_CONTEXT = 40
LOOK = 1.0
"""seconds between two looks for what a dead worker left"""
PATIENCE = 60.0
"""seconds a task waits for a Slack that does not answer before its worker lets go of it"""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class SlackStage:
    """Opens streams in threads."""

    db: Database
    workspaces: Workspaces
    registry: Registry
    redact: Callable[[], StreamFilter]
    evidence_url: Callable[[str], str]
    lease: float = 12.0
    """seconds after which a dead writer's messages are somebody else's to end"""
    name: str = field(default_factory=lambda: new_id("w"))

    async def recover(self, task: Task, steps: Sequence[Step]) -> None:
        """End the messages a dead worker left open: redrawn from the finished steps, or deleted to be said again.

        A writer that lives is waited for: it may still be sending the words before a card that people answered at once.
        """
        pause, waited = 0.25, 0.0
        while True:
            async with self.db.write() as tx:
                left = await streams.take_over(tx, task, owner=self.name, lease=self.lease)
            if left == []:
                return
            if left is not None:
                try:
                    await self._tidy(task, steps, left)
                except SlackAway as away:
                    _log.info("slack does not answer; a thread is tidied later", error=str(away), channel=task.channel)
                    if waited >= PATIENCE:
                        raise TimeoutError(f"slack did not answer for {PATIENCE:.0f} s ({away})") from away
                else:
                    return
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, 5.0) if left is not None else pause

    async def _tidy(self, task: Task, steps: Sequence[Step], left: Sequence[Post]) -> None:
        mender = await self._mender(task)
        work = asyncio.create_task(mender.tidy(task, steps, left))

        async def lost() -> None:
            work.cancel()

        stretch = next(post for post in left if post.ts is None)
        async with held(self.db, stretch, owner=self.name, lease=self.lease, lost=lost):
            try:
                await work
            except asyncio.CancelledError:
                if not work.cancelled() or (current := asyncio.current_task()) is None or current.cancelling():
                    work.cancel()
                    raise
                raise LostRace("stretch of task", task.id) from None

    async def _mender(self, task: Task) -> Mender:
        us = await self.workspaces.about(task.tenant)
        return Mender(
            db=self.db,
            client=self.workspaces.client(task.tenant),
            pace=self.workspaces.pace(task.tenant),
            registry=self.registry,
            bot_user=us.bot_user if us is not None else "",
            checked=self.checked,
        )

    def checked(self, steps: Sequence[Step]) -> Block | None:
        """What is known of a model's answer; None where no model spoke."""

        def seen(answer: str) -> str:
            shown = self.redact()
            return shown.feed(answer) + shown.close()

        vouched = vouch(steps, self.registry.tier, seen)
        return checked_row(vouched, self.evidence_url) if vouched is not None else None

    async def sweep(self, task: Task, since: float) -> None:
        """Take away messages of a finished writer whose beginning Slack never answered; nobody else knows of them."""
        mender = await self._mender(task)
        for pause in (0.0, 1.0, 5.0):
            await asyncio.sleep(pause)
            try:
                await mender.sweep_empty(task, since)
            except SlackAway as away:
                _log.info("a message without words may be left", error=str(away), channel=task.channel)
            else:
                return

    async def mend(self) -> None:
        """Tell the threads of parked and ended tasks to their end when their writers died, until cancelled."""
        while True:
            try:
                async with self.db.read() as tx:
                    found = await streams.abandoned(tx)
                for tenant, task_id in found:
                    await self._mend(tenant, task_id)
            except Exception:  # the loop must outlive a database that restarts and a thread that cannot be drawn
                _log.warning("a thread could not be mended; trying again", exc_info=True)
            await asyncio.sleep(LOOK)

    async def _mend(self, tenant: str, task_id: str) -> None:
        async with self.db.write() as tx:
            task = await tasks.get(tx, tenant, task_id)
            if task.owner is not None or task.state in (*tasks.CLAIMABLE, TaskState.RUNNING):
                return  # its worker will
            left = await streams.take_over(tx, task, owner=self.name, lease=self.lease)
        if not left:
            return
        async with self.db.read() as tx:
            steps = await step_store.of_task(tx, task)
        try:
            await self._tidy(task, steps, left)
        except (SlackAway, LostRace) as why:
            _log.info("a thread is mended later", why=str(why), channel=task.channel)
            return
        async with self.db.read() as tx:
            told = covered(await streams.of_task(tx, task))
        if pieces(steps, told, self.registry):
            progress = await self.open(task, steps)
            await progress.close(
                waiting=task.state is TaskState.NEEDS_APPROVAL, final=task.state in tasks.FINAL, broken=False
            )
            return
        stretch = next(post for post in left if post.ts is None)
        with contextlib.suppress(LostRace):
            async with self.db.write() as tx:
                await streams.end(tx, task, stretch, owner=self.name, upto=told)
                await show_session(tx, task)

    async def open(self, task: Task, steps: Sequence[Step]) -> SlackProgress:
        """A live message in the task's thread; finished steps that were never shown come first."""
        async with self.db.write() as tx:
            told = covered(await streams.of_task(tx, task))
            steps = await step_store.of_task(tx, task)
            held_back = await days.stands_under_one(tx, task)
            stretch = await streams.begin(tx, task, owner=self.name, lease=self.lease)
            await show_session(tx, task)

        async def opened(ts: str) -> None:
            try:
                async with self.db.write() as tx:
                    await streams.opened(tx, task, stretch, ts, owner=self.name)
            except LostRace:
                with contextlib.suppress(Exception):
                    await self.workspaces.client(task.tenant).chat_stopStream(channel=task.channel, ts=ts)
                with contextlib.suppress(Exception):
                    await self.workspaces.client(task.tenant).chat_delete(channel=task.channel, ts=ts)
                raise

        writer = StreamWriter(
            self.workspaces.streams(task.tenant),
            channel=task.channel,
            thread_ts=task.thread_ts,
            recipient_user_id=task.requester,
            recipient_team_id=task.requester_team,
            pace=self.workspaces.pace(task.tenant),
            on_message=opened,
            redact=self.redact,
            folds=True,
            meanwhile=[stop_row(task.id)],
        )
        if held_back:
            return HeldBack(stage=self, task=task, writer=writer, stretch=stretch, told=told)
        progress = SlackProgress(stage=self, task=task, writer=writer, stretch=stretch)
        for piece in pieces(steps, told, self.registry):
            progress.show(piece)
        return progress

    async def context(self, task: Task) -> list[tuple[str, str]]:
        """The thread before the request, without our own notices' machinery; people and bots alike are only quoted."""
        earlier = [m for m in await self._thread(task) if float(m.ts) < float(task.request_ts) and m.words]
        return [(m.user or "bot", m.words) for m in earlier[-LONGEST_CONTEXT:]]

    async def _thread(self, task: Task) -> list[ThreadMessage]:
        try:
            return await read_thread(self.workspaces.client(task.tenant), task.channel, task.thread_ts)
        except Exception as error:
            failure = classify(error)
            if failure is None:
                raise
            _log.warning("the thread could not be read", error=failure.error, channel=task.channel)
            return []
