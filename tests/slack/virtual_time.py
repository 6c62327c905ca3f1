"""An event loop whose clock jumps: when everything waits, time moves to the next timer at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is None:
            raise RuntimeError("everything waits and nothing will ever happen")
        if not events and timeout is not None and timeout > 0:
            self.now += max(timeout, 1e-6)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """The result of `main`, without waiting for real."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
