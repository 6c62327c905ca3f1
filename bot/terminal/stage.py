"""Stage over a terminal: the words of the task that was asked for, as they come; other tasks work in silence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.status import Status
from rich.text import Text

from bot.lifecycle.ports import Progress
from bot.terminal.marks import NEITHER, NO, YES
from bot.terminal.printable import one_line, printable
from storage.records import Step, Task

_MARKS = {"complete": (YES, "green"), "error": (NO, "red"), "pending": (NEITHER, "yellow")}


class StreamFilter(Protocol):
    """Masks secrets in text that arrives in pieces."""

    def feed(self, piece: str) -> str: ...
    def close(self) -> str: ...


@dataclass(kw_only=True)
class TerminalStage:
    """Shows one task; `closed` is told whenever a stretch of its work ends."""

    console: Console
    redact: Callable[[], StreamFilter]
    closed: Callable[[], None]
    shown: str = ""
    """the id of the task to show"""

    async def recover(self, task: Task, steps: Sequence[Step]) -> None:
        """Nothing stays open in a terminal."""

    async def open(self, task: Task, steps: Sequence[Step]) -> Progress:
        if task.id != self.shown:
            return Silent()
        return TerminalProgress(console=self.console, redact=self.redact, closed=self.closed)

    async def context(self, task: Task) -> list[tuple[str, str]]:
        return []


class Silent:
    """A task that an earlier process left behind goes on unseen."""

    def plan(self, title: str) -> None: ...
    def thinking(self, delta: str) -> None: ...
    def say(self, delta: str) -> None: ...
    def step(
        self, step_id: str, title: str, status: str, *, details: str = "", output: str = "", link: str = ""
    ) -> None: ...
    async def close(self, *, waiting: bool, final: bool, broken: bool) -> None: ...


class TerminalProgress:
    """Progress as lines: thinking dim, steps with a mark, the answer as it is said."""

    def __init__(self, *, console: Console, redact: Callable[[], StreamFilter], closed: Callable[[], None]) -> None:
        self._console, self._redact, self._closed = console, redact, closed
        self._style: str | None = None
        """of the words being streamed; None between them"""
        self._filter: StreamFilter | None = None
        self._at_line_start = True
        self._running: Status | None = None

    def plan(self, title: str) -> None:
        self._end_words()
        self._console.print(Text(one_line(self._whole(title)), style="bold"))

    def thinking(self, delta: str) -> None:
        self._stream(delta, "dim italic")

    def say(self, delta: str) -> None:
        self._stream(delta, "")

    def step(
        self, step_id: str, title: str, status: str, *, details: str = "", output: str = "", link: str = ""
    ) -> None:
        self._end_words()
        self._end_running()
        title = one_line(self._whole(title))
        if status not in _MARKS:
            if self._console.is_terminal:
                self._running = self._console.status(Text(title, style="dim"))
                self._running.start()
            return
        mark, color = _MARKS[status]
        found = one_line(self._whole(output or details))
        self._console.print(
            Text.assemble("  ", (mark, color), f" {title}", (f": {found}" if found else "", "dim")), soft_wrap=True
        )

    async def close(self, *, waiting: bool, final: bool, broken: bool) -> None:
        self._end_words()
        self._end_running()
        self._closed()

    def _stream(self, delta: str, style: str) -> None:
        self._end_running()
        if style != self._style:
            self._end_words()
            self._style, self._filter = style, self._redact()
        assert self._filter is not None
        self._write(self._filter.feed(delta))

    def _write(self, text: str) -> None:
        text = printable(text)
        if text:
            self._console.print(Text(text, style=self._style or ""), end="", soft_wrap=True)
            self._at_line_start = text.endswith("\n")

    def _end_words(self) -> None:
        if self._filter is not None:
            self._write(self._filter.close())
            self._filter = self._style = None
        if not self._at_line_start:
            self._console.print()
            self._at_line_start = True

    def _end_running(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None

    def _whole(self, text: str) -> str:
        redact = self._redact()
        return redact.feed(text) + redact.close()
