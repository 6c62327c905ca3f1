"""Progress of one stretch of work into one thread."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from bot.lifecycle.moves import show_session, tell
from bot.slack.cards.answer import answer_end, more_row
from bot.slack.cards.blocks import Block
from bot.slack.page import Source
from bot.slack.replay import Piece
from bot.slack.sessions import status_of
from bot.slack.splitting import clip
from bot.slack.streaming import StreamWriter
from bot.slack.stretch import held
from storage import steps as step_store
from storage import streams, tasks
from storage.records import Post, Task, TaskState

if TYPE_CHECKING:
    from bot.slack.stage import SlackStage


class SlackProgress:
    """Progress into one thread. Thinking becomes a step, so that it never mixes with the answer.

    It falls silent when somebody else has taken over its task: what it would say is theirs to say.
    """

    def __init__(self, *, stage: "SlackStage", task: Task, writer: StreamWriter, stretch: Post) -> None:
        self._stage, self._task, self._writer, self._stretch = stage, task, writer, stretch
        self._thought: list[str] = []
        self._thoughts = 0
        self._lost = False
        self._holding = asyncio.create_task(self._take_hold())

    def plan(self, title: str) -> None:
        if not self._lost:
            self._writer.plan(title)

    def thinking(self, delta: str) -> None:
        if self._lost:
            return
        if not self._thought:
            self._thoughts += 1
            self._writer.task(self._thought_id, "Thinking…", "in_progress")
        self._thought.append(delta)

    def say(self, delta: str) -> None:
        if self._lost:
            return
        self._end_thought()
        self._writer.say(delta)

    def step(
        self, step_id: str, title: str, status: str, *, details: str = "", output: str = "", link: str = ""
    ) -> None:
        if self._lost:
            return
        self._end_thought()
        title = title.replace("`", "")  # titles are plain text in Slack
        sources = [Source(url=link, text="evidence")] if link else []
        self._writer.task(step_id, title, status, details=details, output=output, sources=sources)

    def show(self, piece: Piece) -> None:
        """Something finished earlier that the thread has not shown yet."""
        if piece.text:
            self._writer.say(piece.text)
            return
        link = self._stage.evidence_url(piece.evidence) if piece.evidence else ""
        SlackProgress.step(self, piece.step_id, piece.title, piece.status, output=piece.output, link=link)

    async def close(self, *, waiting: bool, final: bool, broken: bool) -> None:
        """Send what is left and end the message; nothing is sent when somebody else has the task now."""
        self._end_thought()
        stage, task = self._stage, self._task
        try:
            async with stage.db.read() as tx:
                now = await tasks.get(tx, task.tenant, task.id)
                steps = await step_store.of_task(tx, task)
                status = status_of(await tasks.open_in_thread(tx, task.tenant, task.channel, task.thread_ts))
            if self._lost:
                return
            whole = now.state is TaskState.COMPLETED
            blocks = answer_end(task.correlation_id, task.id, stage.checked(steps)) if whole else ()
            delivered = await self._writer.close(
                blocks=blocks, session_status=status, more=partial(_more, task.id) if whole else None
            )
            async with stage.db.write() as tx:
                if broken or self._lost:
                    await streams.leave(tx, self._stretch, owner=stage.name)
                    return
                upto = steps[-1].seq if steps else -1
                folded = () if delivered.error else delivered.folded
                await streams.end(
                    tx,
                    task,
                    self._stretch,
                    owner=stage.name,
                    upto=upto,
                    folded=folded,
                    unfolded=delivered.unfolded if folded else None,
                )
                await show_session(tx, task)  # the thread may have moved on while the last words were sent
                rest = [delivered.undelivered, *(delivered.folded if delivered.error else ())]
                for number, words in enumerate([] if delivered.stopped_by_user else rest):
                    if words.strip():
                        await tell(tx, task, f"rest:{task.id}:{len(steps)}:{number}", words, kind="answer")
            if delivered.strays:
                await stage.sweep(task, self._stretch.created_at)
        finally:
            await self._let_go()

    async def _let_go(self) -> None:
        self._holding.cancel()
        await asyncio.wait([self._holding])

    async def _take_hold(self) -> None:
        """Keep the stretch ours for as long as this progress is open."""
        stage = self._stage
        async with held(stage.db, self._stretch, owner=stage.name, lease=stage.lease, lost=self._fall_silent):
            await asyncio.Event().wait()

    async def _fall_silent(self) -> None:
        self._lost = True
        await self._writer.abort()

    @property
    def _thought_id(self) -> str:
        return f"live-thought-{self._thoughts}"  # a thought shown from storage is named by its step

    def _end_thought(self) -> None:
        if self._thought and not self._lost:
            text = " ".join("".join(self._thought).split())
            self._thought = []
            title, rest = _first_sentence(text)
            self._writer.task(self._thought_id, title, "complete", details=rest)


def _more(task_id: str, left: int) -> list[Block]:
    return [more_row(task_id, 0, left)]


def _first_sentence(text: str) -> tuple[str, str]:
    """(the first sentence, the rest), each short enough for a task card."""
    if len(text) <= 200:
        return text or "Thought", ""
    cut = text.find(". ", 20, 200)
    head = text[: cut + 1] if cut > 0 else clip(text, 160)
    return head, clip(text[len(head) :].strip() if cut > 0 else text)
