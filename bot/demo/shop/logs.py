"""The shop's structured log: a ring of lines with trace ids."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

KEEP_LINES = 20_000


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line as a component wrote it."""

    at: float
    level: str
    """info | warning | error"""
    component: str
    message: str
    trace_id: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """Everything a search looks at."""
        return " ".join(
            (self.level, self.component, self.message, self.trace_id, *(f"{k}={v}" for k, v in self.fields))
        )


class Logs:
    """The newest lines, oldest first."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=KEEP_LINES)

    def write(self, line: LogLine) -> None:
        """Keep a line; the oldest falls off."""
        self._lines.append(line)

    def search(self, *, query: str, component: str, since: float) -> Iterator[LogLine]:
        """Lines since an instant that hold every word of the query, newest first."""
        words = query.lower().split()
        for line in reversed(self._lines):
            if line.at < since:
                return
            if component in {"", line.component} and all(word in line.text().lower() for word in words):
                yield line
