"""What Slack answered, for some seconds; whoever asks the same meanwhile shares one call, and its failure."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

MOST = 5_000
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass
class Asked(Generic[K, T]):
    """Answers by what was asked. Thirty copies of a card are drawn at once, and Slack allows twenty calls a minute."""

    _kept: dict[K, tuple[float, T]] = field(default_factory=dict)
    _asking: dict[K, asyncio.Task[T]] = field(default_factory=dict)

    async def get(self, key: K, seconds: float, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer of the last so many seconds, or what `ask` gives now.

        Raises: whatever `ask` raises.
        """
        if key in self._kept:
            at, answer = self._kept[key]
            if time.monotonic() - at < seconds:
                return answer
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.create_task(self._ask(key, ask))
            self._asking[key] = asking
            asking.add_done_callback(lambda ended: self._ended(key, ended))
        return await asyncio.shield(asking)

    async def _ask(self, key: K, ask: Callable[[], Awaitable[T]]) -> T:
        answer = await ask()
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = (time.monotonic(), answer)
        return answer

    def _ended(self, key: K, ended: asyncio.Task[T]) -> None:
        del self._asking[key]
        if not ended.cancelled():
            ended.exception()  # told to those who waited, if any still did
