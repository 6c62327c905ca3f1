"""Pure: where to cut a Markdown text so that it reads well across two messages."""

import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum

from bot.slack.fences import Scan, may_become_fence

_SENTENCE_END = re.compile(r"[.!?…][\"')\]*_]*\s+|[。！？]\s*")  # noqa: RUF001 - full-width marks end sentences too
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SPACE = re.compile(r"\s+")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


class Border(IntEnum):
    """How good a place is, best first."""

    PARAGRAPH = 0
    SENTENCE = 1
    CODE_LINE = 2
    WORD = 3


def size(text: str) -> int:
    """Bytes Slack may count for this text."""
    return len(text.encode("utf-8", "surrogatepass"))


def cut(text: str, room: int, scan: Scan) -> int:
    """How many characters of `text` go into `room` bytes, ending at the best border there is."""
    if size(text) <= room:
        return len(text)
    window = _prefix(text, room)
    places = list(borders(text[:window], scan))
    for least in (max(window // 2, 1), 1):
        for border in Border:
            good = [index for index, kind in places if kind is border and index >= least]
            if good:
                return max(good)
    return _hard(text, window)


def last_border(text: str, scan: Scan) -> int:
    """The last end of a sentence, paragraph or code block in `text`, or 0."""
    return max((index for index, border in borders(text, scan) if border <= Border.SENTENCE), default=0)


def borders(text: str, scan: Scan) -> Iterator[tuple[int, Border]]:
    """Every place where `text` may be cut."""
    for line in _LINE.finditer(text):
        before, scan = scan, scan.feed(line[0])
        if before.fence is None and scan.fence is None:
            yield from ((line.start() + end.end(), Border.SENTENCE) for end in _SENTENCE_END.finditer(line[0]))
            yield from ((line.start() + gap.end(), Border.WORD) for gap in _SPACE.finditer(line[0]))
        if not line[0].endswith("\n"):
            continue
        if before.fence is None and scan.fence is not None:  # better before a code block than inside
            yield line.start(), Border.PARAGRAPH
        elif before.fence is not None:
            yield line.end(), Border.CODE_LINE if scan.fence else Border.PARAGRAPH
        else:
            yield line.end(), Border.SENTENCE if line[0].strip() else Border.PARAGRAPH


def _prefix(text: str, room: int) -> int:
    """How many characters fit into `room` bytes."""
    cut_bytes = text[: max(room, 0)].encode("utf-8", "surrogatepass")[: max(room, 0)]
    return len(cut_bytes.decode("utf-8", "ignore"))


def _hard(text: str, window: int) -> int:
    """A cut without any border, but not inside a fence line or between a letter and its accent."""
    line_start = text.rfind("\n", 0, window) + 1
    if line_start and may_become_fence(text[line_start:window]):
        return line_start
    index = window
    while index > window - 16 and index > 1 and _sticks(text[index - 1], text[index]):
        index -= 1
    return index


def _sticks(left: str, right: str) -> bool:
    return right in _JOINERS or left == "\u200d" or unicodedata.combining(right) != 0


def clip(text: str, most: int = 256) -> str:
    """The text in at most `most` characters, cut at a word and marked when cut."""
    text = text.strip()
    if len(text) <= most:
        return text
    head = text[: most - 1]
    space = max((gap.start() for gap in _SPACE.finditer(head)), default=0)
    return (head[:space] if space > most // 2 else head).rstrip() + "…"
