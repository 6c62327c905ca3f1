"""One Slack message being written: streamed (live.py) or posted and edited (fallback.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.brains.base import JsonObject
from bot.slack.page import Page, Part


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What the last message of an answer carries besides its words."""

    blocks: tuple[JsonObject, ...] = ()
    metadata: JsonObject | None = None
    session_status: str | None = None


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of some parts."""

    accepted: bool
    """they are in this message, once; otherwise they are certainly not, and belong in another try"""
    stopped: bool = False
    """a person pressed Stop"""
    too_long: bool = False
    refused: str = ""
    """Slack's word for why this way of writing does not work here"""


class Sheet(Protocol):
    """A message that takes parts until it is `over`."""

    ts: str
    page: Page
    over: bool
    method: str
    """the call that `write` makes; its caller waits for the turn"""
    beat: float
    """seconds between two writes"""
    opened_at: float

    async def write(self, parts: Sequence[Part]) -> Written:
        """Add parts."""
        ...

    async def finish(self, parts: Sequence[Part], ending: Ending | None) -> Written:
        """Add the last parts and close the message; `ending` is None when the answer goes on in another one."""
        ...

    async def redraw(self) -> None:
        """Show the page as it is now, after the message is over."""
        ...

    def drawn(self, ending: Sequence[JsonObject]) -> list[JsonObject]:
        """The whole message as blocks, with these below it: what `chat.update` takes."""
        ...
