"""A message written with chat.postMessage and chat.update, where Slack does not stream."""

import asyncio
from collections.abc import Sequence

from bot.brains.base import JsonObject
from bot.slack.api import StreamApi
from bot.slack.calls import Calls
from bot.slack.cards.answer import in_plain_blocks
from bot.slack.faults import CallFailed, Fault
from bot.slack.page import Page, Part, Rendering
from bot.slack.sheet import Ending, Written

BEAT = 3.0
"""Seconds between two edits of a message."""
_PLACEHOLDER = "…"
# A post whose answer is lost is posted again, so it holds no words: they only come with edits, which can be repeated.


class PostedSheet:
    """One message that is edited as the answer grows."""

    method = "chat.update"
    beat = BEAT

    def __init__(
        self, api: StreamApi, calls: Calls, *, ts: str, page: Page, meanwhile: Sequence[JsonObject] = ()
    ) -> None:
        """`meanwhile`: the blocks below it while it is written."""
        self._api, self._calls, self._meanwhile = api, calls, tuple(meanwhile)
        self.ts, self.page = ts, page
        self.opened_at = float("inf")  # it never grows too old
        self.over = False
        self._edited_at = float("-inf")

    @classmethod
    async def open(
        cls, api: StreamApi, calls: Calls, *, page: Page, thread_ts: str, meanwhile: Sequence[JsonObject] = ()
    ) -> "PostedSheet":
        """A new message in the thread, without words yet.

        Raises: CallFailed when Slack does not take it.
        """
        answer = await calls.surely(
            "chat.postMessage",
            lambda: api.chat_postMessage(
                channel=calls.channel, thread_ts=thread_ts, text=_PLACEHOLDER, unfurl_links=False, unfurl_media=False
            ),
            idempotent=True,
        )
        return cls(api, calls, ts=str(answer["ts"]), page=page, meanwhile=meanwhile)

    async def write(self, parts: Sequence[Part]) -> Written:
        """Show the message with these parts added."""
        return await self._set(parts, Ending(blocks=self._meanwhile), has_turn=True)

    async def finish(self, parts: Sequence[Part], ending: Ending | None) -> Written:
        """Show the last parts."""
        self.over = True
        if not parts and ending is None and not self._meanwhile:
            return Written(accepted=True)  # every edit has closed open code already
        return await self._set(parts, ending or Ending(), has_turn=False)

    async def redraw(self) -> None:
        """Show the page as it is now."""
        await self._set((), Ending(), has_turn=False)

    def drawn(self, ending: Sequence[JsonObject]) -> list[JsonObject]:
        """The whole message as blocks, with these below it."""
        return _drawn(self.page, ending)

    async def _set(self, parts: Sequence[Part], ending: Ending, *, has_turn: bool) -> Written:
        page = self.page.with_(parts)
        blocks = _drawn(page, ending.blocks)
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(self._edited_at + BEAT - loop.time(), 0.0))
        try:
            await self._calls.surely(
                self.method,
                lambda: self._api.chat_update(
                    channel=self._calls.channel,
                    ts=self.ts,
                    text=page.summary,
                    blocks=blocks,
                    metadata=ending.metadata,
                ),
                idempotent=True,
                has_turn=has_turn,
            )
        except CallFailed as failed:
            self.over = True
            too_long = failed.failure.fault is Fault.TOO_LONG
            return Written(accepted=not parts, too_long=too_long, refused="" if too_long else failed.failure.error)
        finally:
            self._edited_at = loop.time()
        self.page = page
        return Written(accepted=True)


def _drawn(page: Page, ending: Sequence[JsonObject]) -> list[JsonObject]:
    return [*page.blocks(Rendering.LINES), *in_plain_blocks(ending)]
