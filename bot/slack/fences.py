"""Pure: knows, at any point of a Markdown text, whether a code fence is open."""

import re
from dataclasses import dataclass

_FENCE_LINE = re.compile(r" {0,3}(?P<mark>`{3,20}|~{3,20})(?P<info>[^`\n]{0,80})")
_MAYBE_FENCE = re.compile(r" {0,3}(`{1,2}|~{1,2}|(`{3,20}|~{3,20})[^`\n]{0,80})")
_LONGEST = 200
"""Characters of an unfinished line worth keeping; no fence line is longer."""


@dataclass(frozen=True, kw_only=True)
class Fence:
    """An open code block: the marks that close it and what follows them on the opening line."""

    mark: str
    info: str

    @property
    def reopening(self) -> str:
        """The line that opens the same block again in the next message."""
        return f"{self.mark}{self.info}\n"

    def closing(self, *, after_newline: bool) -> str:
        """What ends the block when it has to be cut."""
        return self.mark if after_newline else f"\n{self.mark}"


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Where a text stands: the open fence, if any, and its unfinished last line."""

    fence: Fence | None = None
    line: str = ""

    def feed(self, text: str) -> "Scan":
        """Where it stands after `text`; feeding in pieces comes to the same."""
        fence, line = self.fence, self.line
        *finished, rest = text.split("\n")
        for piece in finished:
            fence, line = _after_line(fence, line + piece), ""
        return Scan(fence=fence, line=(line + rest)[:_LONGEST])

    @property
    def now(self) -> Fence | None:
        """The fence that is open if the text ends here."""
        return _after_line(self.fence, self.line)

    @property
    def closing(self) -> str:
        """What has to follow so that nothing stays open."""
        return "" if (fence := self.now) is None else fence.closing(after_newline=self.line == "")


def may_become_fence(line: str) -> bool:
    """Whether an unfinished line could still turn out to open or close a block."""
    return len(line) < _LONGEST and _MAYBE_FENCE.fullmatch(line) is not None


def _after_line(fence: Fence | None, line: str) -> Fence | None:
    found = _FENCE_LINE.fullmatch(line)
    if found is None:
        return fence
    mark, info = found["mark"], found["info"].strip()
    if fence is None:
        return Fence(mark=mark, info=info)
    closes = mark[0] == fence.mark[0] and len(mark) >= len(fence.mark) and not info
    return None if closes else fence
