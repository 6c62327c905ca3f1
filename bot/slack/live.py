"""A message written with chat.startStream, appendStream and stopStream.

After a call whose effect is unknown nobody can say whether the words arrived. Then the stream is stopped and the
whole message is set with chat.update, unknown words included. Both can be repeated without harm, so every word is
read once; what comes later goes into a new message. For the same reason a stream starts empty: if that answer is
lost, what stays behind is an empty message and never a second copy of the words.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.brains.base import JsonObject
from bot.slack.api import Answer, StreamApi
from bot.slack.calls import Calls
from bot.slack.faults import CallFailed, Failure, Fault
from bot.slack.page import Page, Part, Rendering
from bot.slack.sheet import Ending, Written

_TRIES_TO_EDIT = 3
_SOON = 2.0
"""Seconds to wait for a turn to begin; in a workspace that begins more streams than Slack allows, posts come sooner."""


class LiveSheet:
    """One streamed message."""

    method = "chat.appendStream"

    def __init__(self, api: StreamApi, calls: Calls, *, ts: str, page: Page, opened_at: float, beat: float) -> None:
        self._api, self._calls, self._channel = api, calls, calls.channel
        self.ts, self.page, self.opened_at, self.beat = ts, page, opened_at, beat
        self.over = False
        self._stopped = False

    @classmethod
    async def open(
        cls,
        api: StreamApi,
        calls: Calls,
        *,
        page: Page,
        beat: float,
        thread_ts: str,
        user: str,
        team: str,
        display: str,
    ) -> "LiveSheet":
        """A new, empty stream in the thread.

        Raises: CallFailed when Slack does not stream here, or has no room for another stream soon.
        """
        opened_at = asyncio.get_running_loop().time()

        async def send() -> Answer:
            nonlocal opened_at
            opened_at = asyncio.get_running_loop().time()
            return await api.chat_startStream(
                channel=calls.channel,
                thread_ts=thread_ts,
                recipient_team_id=team,
                recipient_user_id=user,
                task_display_mode=display,
            )

        answer = await calls.surely("chat.startStream", send, idempotent=True, within=_SOON)
        return cls(api, calls, ts=str(answer["ts"]), page=page, opened_at=opened_at, beat=beat)

    async def write(self, parts: Sequence[Part]) -> Written:
        """Append parts."""
        chunks = self.page.chunks(parts)
        try:
            await self._calls.once(
                self.method, lambda: self._api.chat_appendStream(channel=self._channel, ts=self.ts, chunks=chunks)
            )
        except CallFailed as failed:
            return await self._after(failed.failure, parts)
        self.page.take(parts)
        return Written(accepted=True)

    async def finish(self, parts: Sequence[Part], ending: Ending | None) -> Written:
        """Stop the stream with its last parts."""
        self.over = True
        chunks = self.page.chunks(parts)
        closing = self.page.with_(parts).closing if ending is None else ""
        if closing:
            chunks.append({"type": "markdown_text", "text": closing})
        extras = ending or Ending()
        try:
            await self._calls.surely("chat.stopStream", lambda: self._stop(chunks, extras), idempotent=False)
        except CallFailed as failed:
            return await self._after_stop(failed.failure, parts, ending)
        self.page.take(parts)
        return Written(accepted=True)

    async def redraw(self) -> None:
        """Show the page as it is now."""
        await self._set(self.page, Ending())

    def drawn(self, ending: Sequence[JsonObject]) -> list[JsonObject]:
        """The whole message as blocks, with these below it."""
        return _drawn(self.page, ending)

    async def halt(self, session_status: str | None = None) -> None:
        """End the stream; it may have ended already."""
        self.over = True
        try:
            await self._calls.surely(
                "chat.stopStream", lambda: self._stop([], Ending(session_status=session_status)), idempotent=True
            )
        except CallFailed as failed:
            self._stopped = self._stopped or failed.failure.fault is Fault.STOPPED

    async def abort(self) -> None:
        """End the stream as it stands, its open steps marked as failed."""
        self.over = True
        failed = [replace(card, status="error", output=card.output or "Stopped.") for card in self.page.open_cards]
        try:
            await self._calls.surely(
                "chat.stopStream", lambda: self._stop(self.page.chunks(failed), Ending()), idempotent=False
            )
        except CallFailed:
            await self.halt()

    async def _after(self, failure: Failure, parts: Sequence[Part]) -> Written:
        match failure.fault:
            case Fault.RATE_LIMITED | Fault.NOT_SENT:
                return Written(accepted=False)
            case Fault.UNKNOWN | Fault.CONFLICT:
                return await self._settle(parts, Ending())
            case Fault.NOT_STREAMING:
                self.over = True
                return Written(accepted=False)
            case Fault.STOPPED:
                self.over = True
                return Written(accepted=False, stopped=True)
            case Fault.TOO_LONG:
                return await self._full()
            case Fault.REFUSED:
                await self.halt()
                return Written(accepted=False, refused=failure.error, stopped=self._stopped)

    async def _after_stop(self, failure: Failure, parts: Sequence[Part], ending: Ending | None) -> Written:
        match failure.fault:
            case Fault.STOPPED:
                return Written(accepted=False, stopped=True)
            case Fault.TOO_LONG if parts:
                return await self._full()
            case Fault.REFUSED:
                written = await self._settle(parts, Ending())
                return Written(accepted=written.accepted, stopped=written.stopped, refused=failure.error)
            case Fault.NOT_STREAMING if not parts and ending is None and not self.page.closing:
                return Written(accepted=True)
            case _:
                return await self._settle(parts, ending or Ending())

    async def _full(self) -> Written:
        await self.halt()
        if self.page.closing and not self._stopped:
            await self.redraw()
        return Written(accepted=False, too_long=True, stopped=self._stopped)

    async def _settle(self, parts: Sequence[Part], ending: Ending) -> Written:
        """End the stream and set the message to what it should say, whatever happened before."""
        await self.halt(ending.session_status)
        if self._stopped:
            return Written(accepted=False, stopped=True)
        page = self.page.with_(parts)
        if not await self._set(page, ending):
            return Written(accepted=not parts)
        self.page = page
        return Written(accepted=True)

    async def _set(self, page: Page, ending: Ending) -> bool:
        """Whether the message now shows exactly this page."""
        blocks = _drawn(page, ending.blocks)
        if not blocks:
            return True
        for _ in range(_TRIES_TO_EDIT):
            try:
                await self._calls.surely(
                    "chat.update",
                    lambda: self._api.chat_update(
                        channel=self._channel, ts=self.ts, text=page.summary, blocks=blocks, metadata=ending.metadata
                    ),
                    idempotent=True,
                )
            except CallFailed as failed:
                if failed.failure.fault is not Fault.CONFLICT:
                    return False
                await self.halt()
            else:
                return True
        return False

    async def _stop(self, chunks: Sequence[JsonObject], extras: Ending) -> Answer:
        return await self._api.chat_stopStream(
            channel=self._channel,
            ts=self.ts,
            chunks=chunks or None,
            blocks=extras.blocks or None,
            metadata=extras.metadata,
            session_status=extras.session_status,
        )


def _drawn(page: Page, ending: Sequence[JsonObject]) -> list[JsonObject]:
    return [*page.blocks(Rendering.CARDS), *ending]
