"""What waits for people costs nothing: an idle bot's questions go past all that is parked."""

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot.commands.bench.parked import park
from storage import sqlite
from tests.scenarios.world import a_world

MANY = {"tasks", "proposals", "posts", "steps", "intents", "audit", "votes", "evidence"}
"""tables that only grow"""
SMALL_PART = re.compile(r"INDEX (ix_tasks_claimable|ix_tasks_lease|ix_proposals_open|ix_posts_behind)\b|\(id=\?\)")
"""ways to a few rows of them: the partial indexes of what has something to do, and a row by its key"""
KNOWN = (
    "tasks.owner IS NOT NULL",
    "SELECT tasks.id AS id",
    "FROM proposals",
    "UPDATE posts",
    "FROM posts JOIN tasks",
    "FROM reminders",
    "UPDATE homes",
)
"""of the loops that look once a second"""


@pytest.mark.asyncio
async def test_an_idle_bot_reads_nothing_of_what_is_parked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    all_came = asyncio.Event()
    plain, whole = sqlite.LocalConnection.execute_plain, sqlite.WholeCursor.execute

    def note(statement: str, values: Any) -> None:
        asked[statement] = values
        if all(any(part in one for one in asked) for part in KNOWN):
            all_came.set()

    async def execute_plain(self: Any, statement: str, values: tuple[Any, ...]) -> Any:
        note(statement, values)
        return await plain(self, statement, values)

    def execute(self: Any, statement: str, parameters: Any = (), /) -> Any:
        note(statement, parameters)
        return whole(self, statement, parameters)

    async with a_world(tmp_path, monkeypatch.setenv) as world:
        async with world.database() as db:
            await park(db, 50)
        monkeypatch.setattr(sqlite.LocalConnection, "execute_plain", execute_plain)
        monkeypatch.setattr(sqlite.WholeCursor, "execute", execute)
        async with asyncio.timeout(60):
            await all_came.wait()
        monkeypatch.undo()
        with sqlite3.connect(tmp_path / "autopilot.db") as file:
            plans = {
                one: [str(row[3]) for row in file.execute(f"EXPLAIN QUERY PLAN {one}", values)]
                for one, values in asked.items()
                if one.split()[0] in {"SELECT", "UPDATE", "DELETE", "WITH"}
            }
    looked = {one: [way for way in plan if _table(way) in MANY] for one, plan in plans.items()}
    assert sum(map(bool, looked.values())) >= 5
    assert [(one, way) for one, ways in looked.items() for way in ways if not SMALL_PART.search(way)] == []


def _table(way: str) -> str:
    """The table of one line of a plan: https://sqlite.org/eqp.html"""
    found = re.match(r"(?:SCAN|SEARCH) (\w+)", way)
    return found[1] if found else ""
