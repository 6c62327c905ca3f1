"""Who hears about changes: the page's event streams, and tests that wait for something to become true."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bot.demo.slack.wire import Json

T = TypeVar("T")


class Changes:
    def __init__(self) -> None:
        self._pulse = asyncio.Event()
        self._listeners: dict[asyncio.Queue[Json | None], str] = {}

    def pulse(self) -> None:
        """Wake everyone who waits for a condition."""
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    def publish(self, event: Json, *, only: str | None = None) -> None:
        """Send one event to the open pages; `only` limits it to one person."""
        for queue, user in self._listeners.items():
            if only in (None, user):
                queue.put_nowait(event)
        self.pulse()

    @contextmanager
    def listening(self, user: str) -> Iterator["asyncio.Queue[Json | None]"]:
        """A queue of the events this person's page gets; None means the server is going away."""
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        self._listeners[queue] = user
        try:
            yield queue
        finally:
            del self._listeners[queue]

    def hang_up(self) -> None:
        """End every open event stream, so that the server can stop."""
        for queue in self._listeners:
            queue.put_nowait(None)

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """The first truthy answer of the predicate, which is asked again after every change.

        Raises: TimeoutError when nothing matched in time.
        """
        async with asyncio.timeout(timeout):
            while True:
                pulse = self._pulse
                if value := predicate():
                    return value
                await pulse.wait()
