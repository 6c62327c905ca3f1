"""The writer task of one answer: takes what is pending from the queue and writes message after message.

It gathers words, waits for its turn, rolls over, renews what grows too old, and sends again what was not accepted
(live.py; fallback.py where Slack does not stream).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot.slack.calls import GaveUp
from bot.slack.live import LiveSheet
from bot.slack.opening import Opening
from bot.slack.pacing import Pace
from bot.slack.page import Card, Page
from bot.slack.pending import Batch, Pending
from bot.slack.sheet import Ending, Sheet, Written

OLD = 210.0
"""Seconds after which a stream is renewed at the next end of a sentence; Slack closes it at about 300."""
TOO_OLD = 235.0
"""Seconds after which it is renewed wherever the words stand."""
_FRUITLESS_MESSAGES = 4
_GRACE = 2.0
_log = structlog.get_logger(__name__)


class Writing:
    """Writes what is `pending` until `end` or `abort`."""

    def __init__(self, opening: Opening, *, pace: Pace, on_message: Callable[[str], Awaitable[None]]) -> None:
        """`on_message` is awaited once for every message, before any words are in it."""
        self._opening, self._pace, self._on_message = opening, pace, on_message
        self._channel, self._thread_ts = opening.calls.channel, opening.thread_ts
        self.pending = Pending()
        self.ts: list[str] = []
        """the messages so far, in order"""
        self.stopped = False
        """whether a person pressed Stop; nothing more is sent"""
        self.error = ""
        self.ending: Ending | None = None
        self.last: Sheet | None = None
        """the newest message"""
        self._sheet: Sheet | None = None
        self._next_page = Page()
        self._homes: dict[str, Sheet] = {}
        self._bell, self._hurry = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._next_write = 0.0
        self._spoke = False
        self._fruitless = 0

    def wake(self) -> None:
        """Something is pending."""
        self._bell.set()
        self._running()

    async def end(self, ending: Ending) -> None:
        """Write what is left, and finish the last message with `ending`; the first one holds.

        Raises: what `on_message` raised, if it did; nothing was sent after that.
        """
        self.ending = self.ending or ending
        self.wake()
        self._hurry.set()
        await asyncio.shield(self._running())

    async def abort(self) -> None:
        """Send nothing more; end the message that is live, with its open steps marked as failed."""
        self.ending = self.ending or Ending()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._end_live()

    def _running(self) -> asyncio.Task[None]:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"stream {self._channel} {self._thread_ts}")
        return self._task

    async def _run(self) -> None:
        try:
            while not self.stopped and await self._move():
                pass
        except GaveUp as gave_up:
            self.error = str(gave_up)
            _log.warning("slack answer given up", channel=self._channel, thread_ts=self._thread_ts, error=self.error)
        except Exception:
            await self._end_live()
            raise

    async def _move(self) -> bool:
        """Do the next thing; False when nothing is left to do."""
        self._bell.clear()
        closing = self.ending is not None
        if not self.pending.ready(self._page(), last=closing):
            if not closing:
                await self._idle()
                return True
            if self._sheet is None and not (self.ending and self.ending.blocks):
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
        at_once = self._may_end_at_once()
        if not at_once:
            await self._pace.turn(sheet.method, self._channel, first=not self._spoke)
        if self.pending.has_cards(self._cards_elsewhere()):  # they came while this waited for its turn
            return True
        batch = self._take(sheet)
        if at_once:
            done = not batch.full and not self.pending.ready(sheet.page.with_(batch.parts), last=True)
            ending = self.ending if done else None
            written = await self._try(sheet, batch, sheet.finish(batch.parts, ending))
            return not (done and (written.accepted or self.stopped))
        if batch.parts:
            await self._try(sheet, batch, sheet.write(batch.parts))
            self._next_write = self._now() + sheet.beat
        if batch.full and not sheet.over:
            await self._retire()
        return True

    def _may_end_at_once(self) -> bool:
        """Whether the last words may travel with the call that ends the message, without waiting longer for it."""
        if self.ending is None:
            return False
        return not self.pending.text() or self._pace.idle("chat.stopStream", self._channel)

    def _take(self, sheet: Sheet) -> Batch:
        old = self._now() - sheet.opened_at >= OLD
        return self.pending.take(sheet.page, cap=self._opening.cap, last=self.ending is not None, to_border=old)

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
                self.pending.put_back(batch.parts)
        self.stopped = self.stopped or written.stopped
        if accepted:
            self._spoke, self._fruitless = True, 0
            self._homes.update({part.id: sheet for part in batch.parts if isinstance(part, Card)})
        if written.too_long:
            self._opening.too_long(sheet.page.used)
        if written.refused:
            self.error = written.refused
            self._opening.live = self._opening.live and accepted
        if sheet.over:
            self._leave(sheet)
            self._fruitless += not accepted
            if self._fruitless > _FRUITLESS_MESSAGES:
                raise GaveUp(f"{self._fruitless} messages in a row took no words; the last answer was {self.error!r}")
        return written

    async def _change_old_cards(self) -> bool:
        """Finish steps in the message where they began, when that message is over; whether there were any."""
        over = self._cards_elsewhere()
        changed = self.pending.pull_cards(over)
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
        sheet = await self._opening.open(self._next_page)
        self.ts.append(sheet.ts)
        self._sheet = self.last = sheet
        await self._on_message(sheet.ts)
        return sheet

    async def _end_live(self) -> None:
        if isinstance(self._sheet, LiveSheet) and not self._sheet.over:
            with suppress(TimeoutError, GaveUp):
                async with asyncio.timeout(_GRACE):
                    await self._sheet.abort()

    def _page(self) -> Page:
        return self._sheet.page if self._sheet else self._next_page

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
