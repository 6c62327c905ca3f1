"""Sends one answer, its steps as task cards and its words, live into a Slack thread.

The runner's progress comes in through `say`, `task` and `plan`, which never wait. One writer task a stream takes it
from the queue and writes message after message (live.py; fallback.py where Slack does not stream).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog

from bot.brains.base import JsonObject
from bot.slack.api import StreamApi
from bot.slack.calls import Calls, GaveUp
from bot.slack.fallback import PostedSheet
from bot.slack.faults import CallFailed
from bot.slack.folding import Fold
from bot.slack.live import LiveSheet
from bot.slack.pacing import Pace
from bot.slack.page import Card, Page, Part, Plan, Source, Text
from bot.slack.pending import Batch, Pending
from bot.slack.sheet import Ending, Sheet, Written
from bot.slack.splitting import clip

LIVE_CAP = 9_000
"""Bytes of one streamed message; Slack stops at about 10,600 and takes nothing more for good."""
POSTED_CAP = 4_000
OLD = 210.0
"""Seconds after which a stream is renewed at the next end of a sentence; Slack closes it at about 300."""
TOO_OLD = 235.0
"""Seconds after which it is renewed wherever the words stand."""
_SMALLEST_CAP = 500
_FRUITLESS_MESSAGES = 4
_GRACE = 2.0
_LINK = 1_000
_LINKS = 5
_log = structlog.get_logger(__name__)


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


class Mode(StrEnum):
    STREAM = "stream"
    POSTS = "posts"


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
        self._client = client
        self._calls = Calls(pace=pace, channel=channel, patience=patience)
        self._pace, self._channel, self._thread_ts = pace, channel, thread_ts
        self._user, self._team, self._display = recipient_user_id, recipient_team_id, display
        self._on_message = on_message
        self._redact, self._filter = redact, redact()
        self._beat, self._live, self._folds, self._meanwhile = flush_seconds, live, folds, tuple(meanwhile)
        self._caps = {Mode.STREAM: LIVE_CAP, Mode.POSTS: POSTED_CAP}
        self._pending = Pending()
        self._sheet: Sheet | None = None
        self._next_page = Page()
        self._homes: dict[str, Sheet] = {}
        self._ts: list[str] = []
        self._bell, self._hurry = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending: Ending | None = None
        self._fold = Fold()
        self._folded: tuple[str, ...] = ()
        self._next_write = 0.0
        self._spoke = False
        self._stopped = False
        self._fruitless = 0
        self._error = ""

    # --- what the runner calls ---------------------------------------------------------------------------------

    @property
    def stopped_by_user(self) -> bool:
        """Whether a person pressed Stop; nothing more is sent."""
        return self._stopped

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
        if self._ending is None:
            self._pending.add(Text(text=self._shown(self._filter.close())))
            if more is not None and self._fold.worth_it:
                self._pending.add(Text(text=self._fold.closing))
                self._folded = self._fold.parts()
                blocks = [*more(sum(map(len, self._folded))), *blocks]
            else:
                self._pending.add(Text(text=self._fold.release()))
            self._ending = Ending(blocks=tuple(blocks), metadata=metadata, session_status=session_status)
        self._wake()
        self._hurry.set()
        await asyncio.shield(self._running())
        return self._delivered()

    async def abort(self) -> Delivered:
        """Send nothing more; end the message that is live, with its open steps marked as failed."""
        self._ending = self._ending or Ending()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._end_live()
        return self._delivered()

    # --- the writer task ---------------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while not self._stopped and await self._move():
                pass
        except GaveUp as gave_up:
            self._error = str(gave_up)
            _log.warning("slack answer given up", channel=self._channel, thread_ts=self._thread_ts, error=self._error)
        except Exception:
            await self._end_live()
            raise

    async def _move(self) -> bool:
        """Do the next thing; False when nothing is left to do."""
        self._bell.clear()
        closing = self._ending is not None
        if not self._pending.ready(self._page(), last=closing):
            if not closing:
                await self._idle()
                return True
            if self._sheet is None and not (self._ending and self._ending.blocks):
                return False
        if not closing:
            await self._until_next_write()
        return await self._change_old_cards() or await self._write()

    async def _idle(self) -> None:
        """Wait for words; a message that grows too old meanwhile is finished."""
        too_old = self._sheet.opened_at + TOO_OLD if self._sheet else None
        try:
            async with asyncio.timeout_at(too_old if too_old != float("inf") else None):
                await self._bell.wait()
        except TimeoutError:
            await self._retire()

    async def _until_next_write(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._next_write):
                await self._hurry.wait()

    async def _write(self) -> bool:
        """Make one call's worth of progress; False when that was the last."""
        sheet = self._sheet or await self._open()
        if self._now() - sheet.opened_at >= TOO_OLD:
            await self._retire()
            return True
        folding = self._may_fold()
        if not folding:
            await self._pace.turn(sheet.method, self._channel, first=not self._spoke)
        if self._pending.has_cards(self._cards_elsewhere()):  # they came while this waited for its turn
            return True
        batch = self._take(sheet)
        if folding:
            done = not batch.full and not self._pending.ready(sheet.page.with_(batch.parts), last=True)
            ending = self._ending if done else None
            written = await self._try(sheet, batch, sheet.finish(batch.parts, ending))
            return not (done and (written.accepted or self._stopped))
        if batch.parts:
            await self._try(sheet, batch, sheet.write(batch.parts))
            self._next_write = self._now() + sheet.beat
        if batch.full and not sheet.over:
            await self._retire()
        return True

    def _may_fold(self) -> bool:
        """Whether the last words may travel with the call that ends the message, without waiting longer for it."""
        if self._ending is None:
            return False
        return not self._pending.text() or self._pace.idle("chat.stopStream", self._channel)

    def _take(self, sheet: Sheet) -> Batch:
        cap = self._caps[self._mode]
        old = self._now() - sheet.opened_at >= OLD
        return self._pending.take(sheet.page, cap=cap, last=self._ending is not None, to_border=old)

    async def _try(self, sheet: Sheet, batch: Batch, writing: Awaitable[Written]) -> Written:
        """The result of one write, with what was not accepted back in the queue.

        Raises: GaveUp when message after message takes nothing.
        """
        accepted = False
        try:
            written = await writing
            accepted = written.accepted
        finally:
            if not accepted:
                self._pending.put_back(batch.parts)
        self._stopped = self._stopped or written.stopped
        if accepted:
            self._spoke, self._fruitless = True, 0
            self._homes.update({part.id: sheet for part in batch.parts if isinstance(part, Card)})
        if written.too_long:
            used = sheet.page.used or self._caps[self._mode] // 2
            self._caps[self._mode] = max(_SMALLEST_CAP, min(used, self._caps[self._mode]))
        if written.refused:
            self._error = written.refused
            self._live = self._live and accepted
        if sheet.over:
            self._leave(sheet)
            self._fruitless += not accepted
            if self._fruitless > _FRUITLESS_MESSAGES:
                raise GaveUp(f"{self._fruitless} messages in a row took no words; the last answer was {self._error!r}")
        return written

    async def _change_old_cards(self) -> bool:
        """Finish steps in the message where they began, when that message is over; whether there were any."""
        over = self._cards_elsewhere()
        changed = self._pending.pull_cards(over)
        for card in changed:
            over[card.id].page.take([card])
        for sheet in {id(over[card.id]): over[card.id] for card in changed}.values():
            await sheet.redraw()
        return bool(changed)

    def _cards_elsewhere(self) -> dict[str, Sheet]:
        """Steps whose message is over."""
        return {id: sheet for id, sheet in self._homes.items() if sheet.over}

    async def _retire(self) -> None:
        """Finish this message; what follows goes into a new one."""
        if (sheet := self._sheet) is not None:
            await self._try(sheet, Batch(parts=(), full=True), sheet.finish((), None))

    def _leave(self, sheet: Sheet) -> None:
        self._sheet, self._next_page = None, sheet.page.next()

    async def _open(self) -> Sheet:
        """A new message, made known before anything is in it.

        Raises: GaveUp when Slack takes no message at all.
        """
        try:
            sheet = await self._open_live() if self._live else await self._open_posted()
        except CallFailed as failed:
            raise GaveUp(str(failed)) from failed
        self._ts.append(sheet.ts)
        self._sheet = sheet
        await self._on_message(sheet.ts)
        return sheet

    async def _open_live(self) -> Sheet:
        try:
            return await LiveSheet.open(
                self._client,
                self._calls,
                page=self._next_page,
                beat=self._beat,
                thread_ts=self._thread_ts,
                user=self._user,
                team=self._team,
                display=self._display,
            )
        except CallFailed as failed:
            _log.info("no stream to be had, posting instead", channel=self._channel, error=failed.failure.error)
            self._live = False
            return await self._open_posted()

    async def _open_posted(self) -> Sheet:
        return await PostedSheet.open(
            self._client, self._calls, page=self._next_page, thread_ts=self._thread_ts, meanwhile=self._meanwhile
        )

    async def _end_live(self) -> None:
        if isinstance(self._sheet, LiveSheet) and not self._sheet.over:
            with suppress(TimeoutError, GaveUp):
                async with asyncio.timeout(_GRACE):
                    await self._sheet.abort()

    # --- small things ------------------------------------------------------------------------------------------

    def _end_words(self) -> None:
        """Let the filter give what it held back: words before a step are whole, and stand before it."""
        if self._ending is None and (held := self._shown(self._filter.close()) + self._fold.release()):
            self._add(Text(text=held))
        self._filter = self._redact()

    def _shown(self, text: str) -> str:
        return self._fold.feed(text) if self._folds else text

    def _add(self, part: Part) -> None:
        if self._ending is not None:
            raise RuntimeError("this answer was closed; open a new StreamWriter for more words")
        self._pending.add(part)
        self._wake()

    def _wake(self) -> None:
        self._bell.set()
        self._running()

    def _running(self) -> asyncio.Task[None]:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"stream {self._channel} {self._thread_ts}")
        return self._task

    def _clean(self, text: str) -> str:
        filter_ = self._redact()
        return clip(filter_.feed(text) + filter_.close())

    def _page(self) -> Page:
        return self._sheet.page if self._sheet else self._next_page

    @property
    def _mode(self) -> Mode:
        return Mode.STREAM if self._live else Mode.POSTS

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _delivered(self) -> Delivered:
        return Delivered(
            ts=tuple(self._ts),
            mode=self._mode,
            stopped_by_user=self._stopped,
            undelivered=self._pending.text(),
            error=self._error,
            folded=self._folded,
            strays=self._calls.strays,
        )
