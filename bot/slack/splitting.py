"""Pure: where to cut a Markdown text so that it reads well across two messages."""

import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum

from bot.slack.fences import Scan, may_become_fence

_SENTENCE_END = re.compile(r"[.!?…؟۔।][\"')\]*_]*\s+|[。！？]\s*")  # noqa: RUF001 - these end sentences, too
_WHOLE = re.compile(r"\[[^\]\n]{0,300}\]\([^)\s]{0,2000}\)|<[^>\s]{1,2000}>|(`+)[^`\n]{1,500}\1")
"""a link or a code span: cut inside, it is neither any more"""
_LONGEST_WHOLE = 2_400
_ROW = re.compile(r" {0,3}\|")
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
    beyond = text[: window + _LONGEST_WHOLE]  # what ends after the window may begin in it
    places = [(index, kind) for index, kind in borders(beyond, scan) if index <= window]
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
    in_table = False
    for line in _LINE.finditer(text):
        before, scan = scan, scan.feed(line[0])
        prose = before.fence is None and scan.fence is None
        row = prose and _ROW.match(line[0]) is not None
        if row and not in_table:
            yield line.start(), Border.PARAGRAPH
        elif prose and not row:
            yield from ((line.start() + index, border) for index, border in _within(line[0]))
        in_table = row
        if not line[0].endswith("\n"):
            continue
        if before.fence is None and scan.fence is not None:  # better before a code block than inside
            yield line.start(), Border.PARAGRAPH
        elif before.fence is not None:
            yield line.end(), Border.CODE_LINE if scan.fence else Border.PARAGRAPH
        elif row:
            yield line.end(), Border.CODE_LINE
        else:
            yield line.end(), Border.SENTENCE if line[0].strip() else Border.PARAGRAPH


def _within(line: str) -> Iterator[tuple[int, Border]]:
    """The places in one line of prose, but for those inside a link or a code span."""
    whole = [range(found.start() + 1, found.end()) for found in _WHOLE.finditer(line)]
    for pattern, border in ((_SENTENCE_END, Border.SENTENCE), (_SPACE, Border.WORD)):
        ends = (found.end() for found in pattern.finditer(line))
        yield from ((end, border) for end in ends if not any(end in inside for inside in whole))


def _prefix(text: str, room: int) -> int:
    """How many characters fit into `room` bytes."""
    cut_bytes = text[: max(room, 0)].encode("utf-8", "surrogatepass")[: max(room, 0)]
    return len(cut_bytes.decode("utf-8", "ignore"))


def _hard(text: str, window: int) -> int:
    """A cut without any border, but not inside a fence line or what people see as one character."""
    line_start = text.rfind("\n", 0, window) + 1
    if line_start and may_become_fence(text[line_start:window]):
        return line_start
    index = window
    while index > window - 16 and index > 1 and _sticks(text[index - 1], text[index]):
        index -= 1
    return index


def _sticks(left: str, right: str) -> bool:
    if left + right == "\r\n" or (_is_flag_half(left) and _is_flag_half(right)):
        return True
    skin = "\U0001f3fb" <= right <= "\U0001f3ff"
    return skin or right in _JOINERS or left == "\u200d" or unicodedata.category(right).startswith("M")


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def clip(text: str, most: int = 256) -> str:
    """The text in at most `most` characters, cut at a word and marked when cut."""
    text = text.strip()
    if len(text) <= most:
        return text
    head = text[: most - 1]
    space = max((gap.start() for gap in _SPACE.finditer(head)), default=0)
    return (head[:space] if space > most // 2 else head).rstrip() + "…"
