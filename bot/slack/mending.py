"""Tidies a thread after a dead writer: what it left is ended, and redrawn from storage or deleted to be said again."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.cards.answer import answer_end, in_plain_blocks
from bot.slack.cards.blocks import Block
from bot.slack.cards.orphan import orphan_card
from bot.slack.faults import PASSING, classify
from bot.slack.pacing import Pace
from bot.slack.replay import Piece, as_orphan, covered, pieces
from bot.slack.thread import read_thread
from storage import posts, streams
from storage.db import Database
from storage.records import JsonObject, Post, Step, Task, TaskState
from storage.tasks import FINAL
from tools.registry import Registry

LONGEST_ORPHAN = 5_500
"""characters an interrupted message can be redrawn with; longer ones are deleted and said again whole"""
_GONE = frozenset({"message_not_found", "thread_not_found", "channel_not_found", "is_archived", "not_in_channel"})
_log = structlog.get_logger(__name__)


class SlackAway(Exception):
    """Slack does not answer, or asks to wait; the same can be tried again later."""


@dataclass(frozen=True, kw_only=True)
class Mender:
    """Does the Slack side of taking over. Everything here may be repeated from any point."""

    db: Database
    client: AsyncWebClient
    pace: Pace
    registry: Registry
    bot_user: str
    checked: Callable[[Sequence[Step]], Block | None]

    async def tidy(self, task: Task, steps: Sequence[Step], left: Sequence[Post]) -> None:
        """End what is `left` open; afterwards the thread shows finished steps only, each at most once.

        Raises:
            SlackAway: Slack does not answer.
        """
        await self.sweep_empty(task, min(post.created_at for post in left))
        async with self.db.read() as tx:
            told = covered(await streams.of_task(tx, task))
        messages = [post for post in left if post.ts is not None]
        found = pieces(steps, told, self.registry)
        fits = sum(len(piece.text) for piece in found) <= LONGEST_ORPHAN
        for number, post in enumerate(messages):
            await self._slack(self.client.chat_stopStream(channel=post.channel, ts=post.ts or ""))
            redrawn = number == 0 and bool(found) and fits and await self._redraw(task, post, steps, found)
            if not redrawn:
                await self._delete(post.channel, post.ts or "")
            async with self.db.write() as tx:
                await streams.mended(tx, post, upto=steps[-1].seq if redrawn else -1)

    async def sweep_empty(self, task: Task, since: float) -> None:
        """Take away streams that were begun and never heard of again: ours, without a word, and in no record.

        Raises:
            SlackAway: Slack does not answer.
        """
        try:
            messages = await read_thread(self.client, task.channel, task.thread_ts, since=since)
        except Exception as error:
            self._pass(error)
            return
        for message in messages:
            if message.user != self.bot_user or message.post_id() is not None or not message.empty:
                continue
            async with self.db.read() as tx:
                known = await posts.at(tx, task.tenant, task.channel, message.ts) is not None
                # It may be another task's that was opened this moment and is not written down yet.
                known = known or await streams.busy_in_thread(tx, task)
            if not known:
                await self._slack(self.client.chat_stopStream(channel=task.channel, ts=message.ts))
                await self._delete(task.channel, message.ts)

    async def _redraw(self, task: Task, post: Post, steps: Sequence[Step], found: Sequence[Piece]) -> bool:
        """Whether the message now shows exactly these pieces."""
        ended = task.state in FINAL
        card = orphan_card(*as_orphan(found), interrupted=not ended)
        over = task.state is TaskState.COMPLETED
        end = answer_end(task.correlation_id, task.id, self.checked(steps)) if over else ()
        error = await self._update(post, card.text, [*card.blocks, *end])
        if error == "invalid_blocks":  # a Slack from before agents
            error = await self._update(post, card.text, [*card.blocks, *in_plain_blocks(end)])
        if error:
            _log.warning("an interrupted message could not be redrawn", error=error)
        return not error

    async def _update(self, post: Post, text: str, drawn: Sequence[JsonObject]) -> str:
        async with self.pace.slot("chat.update", post.channel):
            return await self._slack(
                self.client.chat_update(channel=post.channel, ts=post.ts or "", text=text, blocks=list(drawn))
            )

    async def _delete(self, channel: str, ts: str) -> None:
        error = await self._slack(self.client.chat_delete(channel=channel, ts=ts))
        if error and error not in _GONE:
            _log.warning("an interrupted message could not be deleted", error=error)
            card = orphan_card((), ())
            with contextlib.suppress(SlackApiError):
                await self.client.chat_update(channel=channel, ts=ts, text=card.text, blocks=list(card.blocks))

    async def _slack(self, call: Awaitable[object]) -> str:
        """ "" when Slack did it, its word when it will not.

        Raises:
            SlackAway: nobody knows yet.
        """
        try:
            await call
        except Exception as error:
            return self._pass(error)
        return ""

    def _pass(self, error: Exception) -> str:
        failure = classify(error)
        if failure is None:
            raise error
        if failure.fault in PASSING:
            raise SlackAway(failure.error) from error
        return failure.error
