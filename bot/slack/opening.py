"""Begins the messages of one answer: streamed while Slack streams here, posted and edited otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from bot.brains.base import JsonObject
from bot.slack.api import StreamApi
from bot.slack.calls import Calls, GaveUp
from bot.slack.fallback import PostedSheet
from bot.slack.faults import CallFailed
from bot.slack.live import LiveSheet
from bot.slack.page import Page
from bot.slack.sheet import Sheet

LIVE_CAP = 9_000
"""Bytes of one streamed message; Slack stops at about 10,600 and takes nothing more for good."""
POSTED_CAP = 4_000
_SMALLEST_CAP = 500
_log = structlog.get_logger(__name__)


class Mode(StrEnum):
    STREAM = "stream"
    POSTS = "posts"


@dataclass(kw_only=True)
class Opening:
    """One thread, and how messages are begun in it."""

    api: StreamApi
    calls: Calls
    thread_ts: str
    user: str
    team: str
    display: str
    beat: float
    meanwhile: Sequence[JsonObject]
    live: bool

    def __post_init__(self) -> None:
        self._caps = {Mode.STREAM: LIVE_CAP, Mode.POSTS: POSTED_CAP}

    @property
    def mode(self) -> Mode:
        return Mode.STREAM if self.live else Mode.POSTS

    @property
    def cap(self) -> int:
        """Bytes that one message takes."""
        return self._caps[self.mode]

    def too_long(self, used: int) -> None:
        """Slack took no more after so many bytes; later messages are cut sooner."""
        self._caps[self.mode] = max(_SMALLEST_CAP, min(used or self.cap // 2, self.cap))

    async def open(self, page: Page) -> Sheet:
        """A new, empty message that goes on with `page`.

        Raises: GaveUp when Slack takes no message at all.
        """
        try:
            return await self._live(page) if self.live else await self._posted(page)
        except CallFailed as failed:
            raise GaveUp(str(failed)) from failed

    async def _live(self, page: Page) -> Sheet:
        try:
            return await LiveSheet.open(
                self.api,
                self.calls,
                page=page,
                beat=self.beat,
                thread_ts=self.thread_ts,
                user=self.user,
                team=self.team,
                display=self.display,
            )
        except CallFailed as failed:
            _log.info("no stream to be had, posting instead", channel=self.calls.channel, error=failed.failure.error)
            self.live = False
            return await self._posted(page)

    async def _posted(self, page: Page) -> Sheet:
        return await PostedSheet.open(
            self.api, self.calls, page=page, thread_ts=self.thread_ts, meanwhile=self.meanwhile
        )
