"""Web API calls as one stream makes them: paced, with a time limit, tried again where that is safe."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.slack.api import Answer
from bot.slack.faults import CallFailed, Failure, Fault, classify
from bot.slack.pacing import Pace

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_BEGINS = frozenset({"chat.startStream", "chat.postMessage"})
_log = structlog.get_logger(__name__)

Send = Callable[[], Awaitable[Answer]]


class GaveUp(Exception):
    """Slack did not take a call for longer than anybody should wait."""


class Calls:
    """The calls of one stream to one channel."""

    def __init__(self, *, pace: Pace, channel: str, timeout: float = 10.0, patience: float = 120.0) -> None:
        self.pace = pace
        self.channel = channel
        self._timeout = timeout
        self._patience = patience
        self.strays = False
        """whether a message may have been begun whose answer never came: it stands in the thread without a word"""
        self._failing_since: float | None = None
        self._pause = _FIRST_PAUSE

    async def once(self, method: str, send: Send) -> Answer:
        """The answer to one call, made at once; the caller has waited for its turn.

        Raises: CallFailed, after the pause that should come before the next try.
        """
        try:
            async with asyncio.timeout(self._timeout):
                answer = await send()
        except Exception as error:
            failure = classify(error)
            if failure is None:
                raise
            _log.info("slack call failed", method=method, error=failure.error, fault=failure.fault)
            self.strays = self.strays or (failure.fault is Fault.UNKNOWN and method in _BEGINS)
            await self._note(method, failure)
            raise CallFailed(method, failure) from error
        self._failing_since, self._pause = None, _FIRST_PAUSE
        return answer

    async def surely(
        self, method: str, send: Send, *, idempotent: bool, has_turn: bool = False, within: float | None = None
    ) -> Answer:
        """The answer, trying again while it had no effect, or while a second effect changes nothing.

        Raises: CallFailed when Slack says no, when the effect is unknown and not `idempotent`, or when the rate limit
            leaves no turn `within` so many seconds.
        """
        while True:
            if not has_turn and within is not None:
                if not await self.pace.turn_within(within, method, self.channel):
                    raise CallFailed(method, Failure(fault=Fault.RATE_LIMITED, error="no_turn_soon"))
            elif not has_turn:
                await self.pace.turn(method, self.channel)
            has_turn = False
            try:
                return await self.once(method, send)
            except CallFailed as failed:
                fault = failed.failure.fault
                if fault in (Fault.RATE_LIMITED, Fault.NOT_SENT) or (idempotent and fault is Fault.UNKNOWN):
                    continue
                raise

    async def _note(self, method: str, failure: Failure) -> None:
        """Hold everyone back after a 429; pause after trouble.

        Raises: GaveUp when the trouble has lasted too long.
        """
        if failure.fault is Fault.RATE_LIMITED:
            self.pace.hold(method, self.channel, failure.retry_after)
        if failure.fault not in (Fault.RATE_LIMITED, Fault.NOT_SENT, Fault.UNKNOWN):
            self._failing_since, self._pause = None, _FIRST_PAUSE
            return
        now = asyncio.get_running_loop().time()
        self._failing_since = now if self._failing_since is None else self._failing_since
        if now - self._failing_since > self._patience:
            raise GaveUp(f"{method} kept failing with {failure.error!r} for {now - self._failing_since:.0f} s")
        if failure.fault is not Fault.RATE_LIMITED:
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
