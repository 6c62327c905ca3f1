"""Text of others, made safe to print: a terminal obeys escape sequences, and models and logs may hold some."""

import re
import unicodedata

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})
"""controls, format characters (bidi overrides, zero width), private use, lone surrogates"""
_KEPT = frozenset("\n\t\u200d")
"""the joiner holds emoji together"""


def printable(text: str) -> str:
    """The text without anything a terminal would act on or hide."""
    plain = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(c for c in plain if c in _KEPT or unicodedata.category(c) not in _HIDDEN)


def one_line(text: str) -> str:
    """The same on one line."""
    return " ".join(printable(text).split())
