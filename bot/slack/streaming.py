"""Sends one answer, its steps as task cards and its words, live into a Slack thread.

The runner's progress comes in through `say`, `task` and `plan`, which never wait: words are masked, steps are cut to
what Slack takes, and a long end is kept back. One writer task (writing.py) brings all of it into Slack.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.brains.base import JsonObject
from bot.slack.api import StreamApi
from bot.slack.calls import Calls
from bot.slack.folding import Fold
from bot.slack.opening import Mode, Opening
from bot.slack.pacing import Pace
from bot.slack.page import Card, Part, Plan, Source, Text
from bot.slack.sheet import Ending
from bot.slack.splitting import clip
from bot.slack.writing import Writing

_LINK = 1_000
_LINKS = 5


class StreamFilter(Protocol):
    """Masks secrets in a text that comes in pieces; may keep the end back until it is sure."""

    def feed(self, text: str) -> str: ...

    def close(self) -> str: ...


class NoFilter:
    """Lets everything through."""

    def feed(self, text: str) -> str:
        return text

    def close(self) -> str:
        return ""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of an answer."""

    ts: tuple[str, ...]
    """the messages it stands in, in order"""
    mode: Mode
    stopped_by_user: bool
    undelivered: str = ""
    """words Slack did not take, or that came after Stop"""
    error: str = ""
    """why, when it was not Stop"""
    folded: tuple[str, ...] = ()
    """words kept back because the answer is long, in parts to be shown one after the other"""
    unfolded: JsonObject | None = None
    """the message that Show more stands in, as it is to be drawn when that was pressed: its ts, text and blocks"""
    strays: bool = False
    """a message without words may stand in the thread, too: its beginning was never answered"""


class StreamWriter:
    """One answer. Call `close` (or `abort`) exactly once, also after trouble."""

    def __init__(
        self,
        client: StreamApi,
        *,
        channel: str,
        thread_ts: str,
        recipient_user_id: str,
        recipient_team_id: str,
        pace: Pace,
        on_message: Callable[[str], Awaitable[None]],
        redact: Callable[[], StreamFilter] = NoFilter,
        display: str = "timeline",
        flush_seconds: float = 0.4,
        patience: float = 120.0,
        live: bool = True,
        folds: bool = False,
        meanwhile: Sequence[JsonObject] = (),
    ) -> None:
        """`on_message` is awaited once for every message, before any words are in it.

        `pace` is shared by all who call Slack for this workspace; after `patience` seconds of
        nothing but trouble it gives up; `live=False` posts and edits from the start. With `folds`, a
        long end of the answer can be kept back (see `close`). `meanwhile` stands
        below a posted message while it is written: Slack's own Stop is only on streams.
        """
        opening = Opening(
            api=client,
            calls=Calls(pace=pace, channel=channel, patience=patience),
            thread_ts=thread_ts,
            user=recipient_user_id,
            team=recipient_team_id,
            display=display,
            beat=flush_seconds,
            meanwhile=tuple(meanwhile),
            live=live,
        )
        self._opening, self._writing = opening, Writing(opening, pace=pace, on_message=on_message)
        self._redact, self._filter = redact, redact()
        self._folds, self._fold = folds, Fold()
        self._folded: tuple[str, ...] = ()
        self._below: tuple[JsonObject, ...] = ()

    # --- what the runner calls ---------------------------------------------------------------------------------

    @property
    def stopped_by_user(self) -> bool:
        """Whether a person pressed Stop; nothing more is sent."""
        return self._writing.stopped

    def say(self, markdown: str) -> None:
        """Send the next piece of text."""
        self._add(Text(text=self._shown(self._filter.feed(markdown))))

    def task(
        self,
        id: str,
        title: str,
        status: str,
        *,
        details: str = "",
        output: str = "",
        sources: Sequence[Source] = (),
    ) -> None:
        """Show or change one step. The first details and the first output of a step stand."""
        self._end_words()
        links = [source for source in sources if len(source.url) <= _LINK][:_LINKS]
        self._add(
            Card(
                id=id,
                title=self._clean(title) or id,
                status=status,
                details=self._clean(details),
                output=self._clean(output),
                sources=tuple(Source(url=link.url, text=self._clean(link.text) or link.url[:256]) for link in links),
            )
        )

    def plan(self, title: str) -> None:
        """Put a heading above the steps."""
        self._add(Plan(title=self._clean(title)))

    async def close(
        self,
        *,
        blocks: Sequence[JsonObject] = (),
        metadata: JsonObject | None = None,
        session_status: str | None = None,
        more: Callable[[int], Sequence[JsonObject]] | None = None,
    ) -> Delivered:
        """Send what is left, finish the last message with `blocks` under it, and say what became of it all.

        With `more`, what is beyond a long answer's fold stays back, and its blocks for so many characters are put
        above `blocks`.

        Raises: what `on_message` raised, if it did; nothing was sent after that.
        """
        ending = self._writing.ending
        if ending is None:
            pending = self._writing.pending
            pending.add(Text(text=self._shown(self._filter.close())))
            if more is not None and self._fold.worth_it:
                pending.add(Text(text=self._fold.closing))
                self._folded, self._below = self._fold.parts(), tuple(blocks)
                blocks = [*more(sum(map(len, self._folded))), *blocks]
            else:
                pending.add(Text(text=self._fold.release()))
            ending = Ending(blocks=tuple(blocks), metadata=metadata, session_status=session_status)
        await self._writing.end(ending)
        delivered = self._delivered()
        return replace(delivered, unfolded=self._unfolded()) if self._folded else delivered

    async def abort(self) -> Delivered:
        """Send nothing more; end the message that is live, with its open steps marked as failed."""
        await self._writing.abort()
        return self._delivered()

    # --- small things ------------------------------------------------------------------------------------------

    def _end_words(self) -> None:
        """Let the filter give what it held back: words before a step are whole, and stand before it."""
        if self._writing.ending is None and (held := self._shown(self._filter.close()) + self._fold.release()):
            self._add(Text(text=held))
        self._filter = self._redact()

    def _shown(self, text: str) -> str:
        return self._fold.feed(text) if self._folds else text

    def _add(self, part: Part) -> None:
        if self._writing.ending is not None:
            raise RuntimeError("this answer was closed; open a new StreamWriter for more words")
        self._writing.pending.add(part)
        self._writing.wake()

    def _clean(self, text: str) -> str:
        filter_ = self._redact()
        return clip(filter_.feed(text) + filter_.close())

    def _unfolded(self) -> JsonObject | None:
        if (last := self._writing.last) is None:
            return None
        return {"ts": last.ts, "text": last.page.summary, "blocks": [*last.drawn(self._below)]}

    def _delivered(self) -> Delivered:
        writing = self._writing
        return Delivered(
            ts=tuple(writing.ts),
            mode=self._opening.mode,
            stopped_by_user=writing.stopped,
            undelivered=writing.pending.text(),
            error=writing.error,
            folded=self._folded,
            strays=self._opening.calls.strays,
        )
