"""First step of loading: cut a Cedar file into its rules, so that every later error can name a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from policy.errors import PolicyError

MAX_FILE_BYTES = 256 * 1024
MAX_NESTING = 48
"""Cedar's parser overflows the stack at about 650 levels; its typed nodes stop at 100. People write fewer than 10."""

_TOKEN = re.compile(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|["(){}\[\];]|[^\s"(){}\[\];/]+|/|\n')
_OPENS = {"(": ")", "[": "]", "{": "}"}
# Text that a reviewer sees in another order than the parser does (Trojan Source).
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, kw_only=True)
class SourceRule:
    """The text of one rule and the line on which it starts."""

    file: Path
    line: int
    text: str


def split(text: str, file: Path) -> tuple[SourceRule, ...]:
    """Every rule of one file, in order.

    Raises:
        PolicyError: too large, nested too deep, unbalanced, unfinished, or carrying invisible characters.
    """
    if len(text.encode()) > MAX_FILE_BYTES:
        raise PolicyError(f"larger than {MAX_FILE_BYTES} bytes", todo="split it into one concern a file", file=file)
    if hidden := _HIDDEN.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        raise PolicyError(
            f"invisible character U+{ord(hidden.group()):04X}", todo="remove it; it can hide text", file=file, line=line
        )
    return tuple(_rules(text, file))


def _rules(text: str, file: Path) -> Iterator[SourceRule]:
    line, start, start_line = 1, -1, 0
    open_brackets: list[tuple[str, int]] = []
    for found in _TOKEN.finditer(text):
        piece = found.group()
        if piece == "\n":
            line += 1
            continue
        if piece.startswith("//"):
            continue
        if piece == '"':
            raise PolicyError(
                "a string is not closed on its line", todo='add the closing " on the same line', file=file, line=line
            )
        if start < 0:
            start, start_line = found.start(), line
        if piece in _OPENS:
            open_brackets.append((piece, line))
            if len(open_brackets) > MAX_NESTING:
                raise PolicyError(
                    f"brackets nested deeper than {MAX_NESTING}",
                    todo="split the condition into several rules",
                    file=file,
                    line=line,
                )
        elif piece in _OPENS.values():
            if not open_brackets or _OPENS[open_brackets[-1][0]] != piece:
                raise PolicyError(
                    f"{piece!r} closes nothing", todo="check the brackets before it", file=file, line=line
                )
            open_brackets.pop()
        elif piece == ";" and not open_brackets:
            yield SourceRule(file=file, line=start_line, text=text[start : found.end()])
            start = -1
    if open_brackets:
        bracket, opened = open_brackets[-1]
        raise PolicyError(f"{bracket!r} is never closed", todo="close it", file=file, line=opened)
    if start >= 0:
        raise PolicyError("the rule does not end", todo="end it with ';'", file=file, line=start_line)
