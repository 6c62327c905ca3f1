"""Cancels a coroutine, and all tasks it starts, at its n-th await: a crash that can be put anywhere."""

import asyncio
import contextvars
from collections.abc import Coroutine, Generator
from typing import Any

_counted: contextvars.ContextVar["_Fuse | None"] = contextvars.ContextVar("_counted", default=None)


class _Fuse:
    def __init__(self, burn_at: int) -> None:
        self.burn_at = burn_at
        self.awaits = 0
        self.target: asyncio.Task[Any] | None = None

    def burn(self) -> None:
        self.awaits += 1
        if self.awaits == self.burn_at and self.target is not None:
            asyncio.get_running_loop().call_soon(self.target.cancel)


class _Counted(Coroutine[Any, Any, Any]):
    def __init__(self, inner: Coroutine[Any, Any, Any], fuse: _Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def send(self, value: Any) -> Any:
        waits_for = self._inner.send(value)
        self._fuse.burn()
        return waits_for

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()


def _factory(loop: asyncio.AbstractEventLoop, coro: Any, **kw: Any) -> asyncio.Task[Any]:
    fuse = _counted.get()
    return asyncio.Task(coro if fuse is None else _Counted(coro, fuse), loop=loop, **kw)


async def cancelled_at(burn_at: int, work: Coroutine[Any, Any, Any]) -> bool:
    """Whether `work` ended before its await number `burn_at`, where it would have been cancelled."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(_factory)
    fuse = _Fuse(burn_at)
    token = _counted.set(fuse)
    try:
        fuse.target = loop.create_task(work)
        _counted.reset(token)
        await asyncio.gather(fuse.target, return_exceptions=True)
        return not fuse.target.cancelled()
    finally:
        loop.set_task_factory(None)
