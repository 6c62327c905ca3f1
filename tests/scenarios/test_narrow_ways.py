"""What lies in the database costs nothing: an idle bot goes past what is parked, and a story past years of others."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands.bench.parked import park
from storage import sqlite
from tests.scenarios.world import ANA, DANA, INCIDENTS, a_world

MANY = {"tasks", "proposals", "posts", "steps", "intents", "audit", "votes", "evidence", "inbox", "reminders"}
"""tables that only grow"""
SMALL_PART = re.compile(
    r"INDEX ix_(tasks_(claimable|lease|under_way)|proposals_(open|asking)|posts_behind|reminders_due)\b"
)
"""the partial indexes of what has something to do"""
ONE_ROW = re.compile(r"\(id=\?\)")
NARROWED = re.compile(r"USING (COVERING )?INDEX \w+ \((?!tenant=\?\)).+\)")
"""by more than the tenant: most installations have one"""
ONCE = ("posts.owner IS NOT NULL", "inbox.at <", "proposals.decided_at >=")
"""at a start, once an hour, for a digest"""
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


@contextlib.contextmanager
def overheard(heard: Callable[[str, Any], None]) -> Iterator[None]:
    """Every statement that SQLite is given meanwhile, and its values."""
    plain, whole = sqlite.LocalConnection.execute_plain, sqlite.WholeCursor.execute

    async def execute_plain(self: Any, statement: str, values: tuple[Any, ...]) -> Any:
        heard(statement, values)
        return await plain(self, statement, values)

    def execute(self: Any, statement: str, parameters: Any = (), /) -> Any:
        heard(statement, parameters)
        return whole(self, statement, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite.LocalConnection, "execute_plain", execute_plain)
        patch.setattr(sqlite.WholeCursor, "execute", execute)
        yield


def ways(asked: dict[str, Any], file: Path) -> list[tuple[str, str]]:
    """(statement, how SQLite goes to the rows of a table that grows): https://sqlite.org/eqp.html"""
    found = []
    with contextlib.closing(sqlite3.connect(file)) as db:
        for statement, values in asked.items():
            if statement.split()[0] not in {"SELECT", "UPDATE", "DELETE", "WITH"} or any(
                one in statement for one in ONCE
            ):
                continue
            for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values):
                table = re.match(r"(?:SCAN|SEARCH) (\w+)", str(row[3]))
                if table and table[1] in MANY:
                    found.append((statement, str(row[3])))
    return found


async def test_an_idle_bot_reads_nothing_of_what_is_parked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    all_came = asyncio.Event()

    def hear(statement: str, values: Any) -> None:
        asked[statement] = values
        if all(any(part in one for one in asked) for part in KNOWN):
            all_came.set()

    async with a_world(tmp_path, monkeypatch.setenv) as world:
        async with world.database() as db:
            await park(db, 50)
        with overheard(hear):
            async with asyncio.timeout(60):
                await all_came.wait()
        looked = ways(asked, tmp_path / "autopilot.db")
    assert len({statement for statement, _ in looked}) >= 5
    assert [one for one in looked if not (SMALL_PART.search(one[1]) or ONE_ROW.search(one[1]))] == []


async def test_a_story_goes_past_all_that_was_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite keeps no statistics here: it takes an index by its shape, and an order for free before a narrow one."""
    asked: dict[str, Any] = {}
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        with overheard(asked.__setitem__):
            thread = await world.ask("checkout is failing, what is going on?")
            card = await world.card(thread, "proposal.approve")
            await world.click(DANA, card, "proposal.approve")
            undo = await world.card(thread, "proposal.undo")
            await world.click(DANA, undo, "proposal.undo")
            await world.text(thread, "Undone by")
            for words in ("tasks", "approvals", "status", "digest"):
                await world.slack.ui.command(ANA, INCIDENTS, "/autopilot", words)
            await world.slack.ui.home(ANA)
            await world.see(lambda: world.slack.ui.home_view(ANA))
        looked = ways(asked, tmp_path / "autopilot.db")
    assert len({statement for statement, _ in looked}) >= 40
    wide = [one for one in looked if not (SMALL_PART.search(one[1]) or NARROWED.search(one[1]))]
    assert wide == []
