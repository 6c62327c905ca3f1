"""Stage over Slack: a running task thinks aloud in its thread, and what a crash left there is tidied up."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.lifecycle.moves import tell
from bot.slack.cards.answer import answer_end
from bot.slack.cards.orphan import orphan_card
from bot.slack.pacing import Pace
from bot.slack.page import Source
from bot.slack.replay import Piece, as_orphan, covered, pieces
from bot.slack.splitting import clip
from bot.slack.streaming import StreamFilter, StreamWriter
from bot.slack.thread import ThreadMessage, read_thread
from storage import posts, tasks
from storage import steps as step_store
from storage.db import Database
from storage.records import Post, Step, Task, TaskState
from tools.registry import Registry

LONGEST_ORPHAN = 5_500
"""characters an interrupted message can be redrawn with; longer ones are deleted and said again whole"""
LONGEST_CONTEXT = 40
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class SlackStage:
    """Opens streams in threads."""

    db: Database
    client: AsyncWebClient
    streams: AsyncWebClient
    """for the stream writer, which handles failures itself"""
    pace: Pace
    registry: Registry
    bot_user: str
    redact: Callable[[], StreamFilter]
    evidence_url: Callable[[str], str]

    async def recover(self, task: Task, steps: Sequence[Step]) -> None:
        """End the messages a dead worker left open: redrawn from the finished steps, or deleted to be said again."""
        async with self.db.read() as tx:
            streams = await posts.streams_of(tx, task.tenant, task.id, only_open=False)
        left = [p for p in streams if p.shown < p.wanted]
        if task.attempt > 1 or left:
            left += await self._unknown(task)
        if not left:
            return
        found = pieces(steps, covered(streams), self.registry)
        text = sum(len(p.text) for p in found)
        redraw = bool(found) and text <= LONGEST_ORPHAN
        for number, post in enumerate(left):
            with contextlib.suppress(SlackApiError):
                await self.client.chat_stopStream(channel=post.channel, ts=post.ts or "")
            if redraw and number == 0:
                await self._redraw(post, found, upto=steps[-1].seq)
            else:
                await self._delete(post)

    async def _unknown(self, task: Task) -> list[Post]:
        """Streams begun whose answer never reached us: messages of ours in the thread that no post of ours is."""
        out = []
        for message in await self._thread(task):
            ours = message.user == self.bot_user and message.post_id() is None
            if not ours or float(message.ts) < task.created_at:
                continue
            async with self.db.write() as tx:
                if await posts.at(tx, task.tenant, task.channel, message.ts) is not None:
                    continue
                await posts.stream_opened(
                    tx,
                    tenant=task.tenant,
                    task_id=task.id,
                    channel=task.channel,
                    thread_ts=task.thread_ts,
                    ts=message.ts,
                    subject=f"found:{task.id}",
                )
                found = await posts.at(tx, task.tenant, task.channel, message.ts)
            if found is not None:
                out.append(found)
        return out

    async def _redraw(self, post: Post, found: Sequence[Piece], *, upto: int) -> None:
        card = orphan_card(*as_orphan(found))
        try:
            async with self.pace.slot("chat.update", post.channel):
                await self.client.chat_update(
                    channel=post.channel, ts=post.ts or "", text=card.text, blocks=list(card.blocks)
                )
        except SlackApiError as error:
            _log.warning("an interrupted message could not be redrawn", error=error.response["error"])
            await self._delete(post)
            return
        await self._closed(post, upto)

    async def _delete(self, post: Post) -> None:
        with contextlib.suppress(SlackApiError):
            await self.client.chat_delete(channel=post.channel, ts=post.ts or "")
        await self._closed(post, -1)

    async def _closed(self, post: Post, upto: int) -> None:
        async with self.db.write() as tx:
            await posts.stream_closed(tx, post, upto=upto)

    async def open(self, task: Task, steps: Sequence[Step]) -> "SlackProgress":
        """A live message in the task's thread; finished steps that were never shown come first."""
        async with self.db.read() as tx:
            streams = await posts.streams_of(tx, task.tenant, task.id, only_open=False)
            steps = await step_store.of_task(tx, task)
        await self._status(task, "processing")

        async def opened(ts: str) -> None:
            async with self.db.write() as tx:
                await posts.stream_opened(
                    tx,
                    tenant=task.tenant,
                    task_id=task.id,
                    channel=task.channel,
                    thread_ts=task.thread_ts,
                    ts=ts,
                    subject=f"segment:{task.id}",
                )

        writer = StreamWriter(
            self.streams,
            channel=task.channel,
            thread_ts=task.thread_ts,
            recipient_user_id=task.requester,
            recipient_team_id=task.requester_team,
            pace=self.pace,
            on_message=opened,
            redact=self.redact,
        )
        progress = SlackProgress(stage=self, task=task, writer=writer)
        for piece in pieces(steps, covered(streams), self.registry):
            progress.show(piece)
        return progress

    async def context(self, task: Task) -> list[tuple[str, str]]:
        """The thread before the request, without our own notices' machinery; people and bots alike are only quoted."""
        earlier = [m for m in await self._thread(task) if float(m.ts) < float(task.request_ts) and m.text]
        return [(m.user or "bot", m.text) for m in earlier[-LONGEST_CONTEXT:]]

    async def _thread(self, task: Task) -> list[ThreadMessage]:
        try:
            return await read_thread(self.client, task.channel, task.thread_ts)
        except SlackApiError as error:
            _log.warning("the thread could not be read", error=error.response["error"], channel=task.channel)
            return []

    async def _status(self, task: Task, status: str) -> None:
        """Slack's session line; nice to have, so nothing depends on it."""
        with contextlib.suppress(SlackApiError):
            await self.client.agents_sessions_setStatus(
                channel_id=task.channel, thread_ts=task.thread_ts, status=status, title=task.title[:200]
            )


class SlackProgress:
    """Progress into one thread. Thinking becomes a step, so that it never mixes with the answer."""

    def __init__(self, *, stage: SlackStage, task: Task, writer: StreamWriter) -> None:
        self._stage, self._task, self._writer = stage, task, writer
        self._thought: list[str] = []
        self._thoughts = 0

    def plan(self, title: str) -> None:
        self._writer.plan(title)

    def thinking(self, delta: str) -> None:
        if not self._thought:
            self._thoughts += 1
            self._writer.task(self._thought_id, "Thinking…", "in_progress")
        self._thought.append(delta)

    def say(self, delta: str) -> None:
        self._end_thought()
        self._writer.say(delta)

    def step(
        self, step_id: str, title: str, status: str, *, details: str = "", output: str = "", link: str = ""
    ) -> None:
        self._end_thought()
        sources = [Source(url=link, text="evidence")] if link else []
        self._writer.task(step_id, title, status, details=details, output=output, sources=sources)

    def show(self, piece: Piece) -> None:
        """Something finished earlier that the thread has not shown yet."""
        if piece.text:
            self._writer.say(piece.text)
            return
        link = self._stage.evidence_url(piece.evidence) if piece.evidence else ""
        self.step(piece.step_id, piece.title, piece.status, output=piece.output, link=link)

    async def close(self, *, waiting: bool, final: bool, broken: bool) -> None:
        self._end_thought()
        stage, task = self._stage, self._task
        async with stage.db.read() as tx:
            now = await tasks.get(tx, task.tenant, task.id)
            steps = await step_store.of_task(tx, task)
        blocks = answer_end(task.correlation_id) if now.state is TaskState.COMPLETED else ()
        status = "suspended" if waiting else "active"
        delivered = await self._writer.close(blocks=blocks, session_status=status)
        async with stage.db.write() as tx:
            if not broken:
                for post in await posts.streams_of(tx, task.tenant, task.id):
                    await posts.stream_closed(tx, post, upto=steps[-1].seq if steps else -1)
            if delivered.undelivered.strip() and not delivered.stopped_by_user:
                await tell(tx, task, f"rest:{task.id}:{len(steps)}", delivered.undelivered, kind="answer")
        if not delivered.ts:
            await stage._status(task, status)

    @property
    def _thought_id(self) -> str:
        return f"thought-{self._thoughts}"

    def _end_thought(self) -> None:
        if self._thought:
            text = " ".join("".join(self._thought).split())
            self._thought = []
            title, rest = _first_sentence(text)
            self._writer.task(self._thought_id, title, "complete", details=rest)


def _first_sentence(text: str) -> tuple[str, str]:
    """(the first sentence, the rest), each short enough for a task card."""
    if len(text) <= 200:
        return text or "Thought", ""
    cut = text.find(". ", 20, 200)
    head = text[: cut + 1] if cut > 0 else clip(text, 160)
    return head, clip(text[len(head) :].strip() if cut > 0 else text)
