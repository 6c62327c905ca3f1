"""Answers that are used again for some seconds, and files that are read again when they changed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from bot.people.source import SourceDown

DOWN = 1.0
"""seconds a failure is told again without asking: one press asks several times, and a person waits for it"""
BYTES = 2_000_000

T = TypeVar("T")


@dataclass(kw_only=True)
class Fresh(Generic[T]):
    """What a slow question answered, for a while; many who ask at once make one question."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _until: float = -1.0
    _value: T | SourceDown | None = None

    async def get(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The kept answer, or a new one from `ask`.

        Raises:
            SourceDown: `ask` failed, just now or a moment ago.
        """
        async with self._lock:
            if self.clock() >= self._until:
                try:
                    self._value = await ask()
                    self._until = self.clock() + self.seconds
                except SourceDown as down:
                    self._value = down
                    self._until = self.clock() + DOWN
            if isinstance(self._value, SourceDown):
                raise SourceDown(str(self._value))
            assert self._value is not None
            return self._value


@dataclass(kw_only=True)
class Watched(Generic[T]):
    """A file's meaning, read again when the file was written again."""

    file: Path
    read: Callable[[bytes], T]
    """Raises: ValueError, whose message is for people."""
    _seen: tuple[int, int] | None = None
    _value: T | None = None

    def now(self) -> T:
        """What the file says now.

        Raises:
            SourceDown: it cannot be read, or says nothing that makes sense.
        """
        try:
            stat = self.file.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
            if seen != self._seen or self._value is None:
                if stat.st_size > BYTES:
                    raise ValueError(f"it has more than {BYTES:,} bytes")
                self._value, self._seen = self.read(self.file.read_bytes()), seen
        except OSError as error:
            raise SourceDown(f"cannot read {str(self.file)!r}: {error.strerror}") from None
        except ValueError as error:
            raise SourceDown(f"{str(self.file)!r}: {error}") from None
        return self._value
