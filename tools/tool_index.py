"""Which of many tools fit some words: full-text search (BM25, stemmed) over what tools declare. SQLite's own FTS5."""

import re
import sqlite3
from collections.abc import Iterable, Mapping

from tools.contract import Tool

WORD = re.compile(r"[a-z0-9]+")
MOST_WORDS = 60
"""of what is searched for; a pasted log is cut"""
COMMON = frozenset(
    WORD.findall(
        "a an and are as at be been by can could did do does for from had has have how i if in is it its me my no not "
        "of on or our please should so some that the their them then there they this to up us was we were what when "
        "where which who why will with would you your"
    )
)


class ToolIndex:
    """An index over the tools of one registry, in memory. Names count most, then the summary, then the rest."""

    def __init__(self, tools: Iterable[Tool], used_for: Mapping[str, str]) -> None:
        """`used_for`: tool → what skills that use it say they are for, which are the words of those who ask."""
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(
            "create virtual table tools using fts5(tool unindexed, name, summary, more, tokenize = 'porter unicode61')"
        )
        self._db.executemany(
            "insert into tools values (?, ?, ?, ?)", (_row(tool, used_for.get(tool.name, "")) for tool in tools)
        )

    def find(self, words: str, limit: int) -> list[str]:
        """Names of the tools that fit best, best first; those with none of the words are not among them."""
        wanted = [word for word in WORD.findall(words.lower()) if word not in COMMON][:MOST_WORDS]
        if not wanted:
            return []
        # Quoted, so that no word is read as an operator of the query language.
        query = " OR ".join(f'"{word}"' for word in dict.fromkeys(wanted))
        rows = self._db.execute(
            "select tool from tools where tools match ? order by bm25(tools, 0.0, 4.0, 2.0, 1.0), tool limit ?",
            (query, limit),
        )
        return [str(row[0]) for row in rows]


def _row(tool: Tool, used_for: str) -> tuple[str, str, str, str]:
    manifest = tool.manifest
    examples = " ".join(f"{name} {value}" for one in manifest.examples for name, value in one.input.items())
    arguments = " ".join(tool.arguments.model_fields)
    more = " ".join(
        (arguments, examples, manifest.target.kind, manifest.verb, *manifest.asked_by, *manifest.side_effects, used_for)
    )
    return manifest.name, _apart(manifest.name), manifest.summary, _apart(more)


def _apart(text: str) -> str:
    """shop.set_flag → shop set flag, so that each word is found."""
    return " ".join(WORD.findall(text.lower()))
