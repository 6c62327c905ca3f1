"""The database's disk is full: nothing runs undecided or unrecorded, nothing is lost, and one sentence says so."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.failures import explain
from storage.db import Database
from storage.errors import why_lost
from storage.records import IntentState, Task
from tests.tools.asking import SET, approved, ask, entries, execute, ledger, propose
from tests.tools.spy import Lab
from tests.tools.test_gateway_order import alone
from tools.gateway import Gateway
from tools.outcomes import Ran

_JUNK = sa.text("insert into evidence values ('T', :hash, '', '', '', :content, 1, '')")
LONG = {**SET, "note": "x" * 6000}
"""values that need pages of their own"""
Fill = Callable[[bool], Awaitable[None]]
_REFUSE = """
create function no_room() returns trigger language plpgsql as
$$ begin raise exception 'could not extend file "base/1": No space left on device' using errcode = '53100'; end $$;
"""


@pytest.fixture
async def fill(db: Database) -> AsyncIterator[Fill]:
    """Fills the disk (True) or makes room (False). SQLite's file may truly not grow; PostgreSQL says what it would."""

    async def of_sqlite(full: bool) -> None:
        async with db.write() as tx:
            pages = (await tx.run(sa.text("pragma page_count"))).scalar_one()
            await tx.run(sa.text(f"pragma max_page_count={pages if full else 1_000_000}"))
        number = 0
        for size in (3000, 300, 3) if full else ():  # what is still free inside its pages
            with pytest.raises(DBAPIError, match="full"):
                while True:
                    number += 1
                    async with db.write() as tx:
                        await tx.run(_JUNK, {"hash": f"{number}", "content": "x" * size})

    async def of_postgres(full: bool) -> None:
        async with db.write() as tx:
            if full:
                await tx.run(sa.text(_REFUSE))
            for table in ("audit", "intents", "proposals", "evidence"):
                make = f"create trigger no_room before insert on {table} for each row execute function no_room()"
                await tx.run(sa.text(make if full else f"drop trigger no_room on {table}"))
            if not full:
                await tx.run(sa.text("drop function no_room()"))

    yield of_postgres if db.is_postgres else of_sqlite


async def test_nothing_runs_while_there_is_no_room_and_it_runs_once_there_is(
    gateway: Gateway, db: Database, lab: Lab, task: Task, fill: Fill
) -> None:
    alone(gateway)
    await fill(True)
    with pytest.raises(DBAPIError) as refused:
        await ask(gateway, task, arguments=LONG)
    assert "run lab.set" not in lab.seen and lab.effects == []
    assert await ledger(db, task) == [] and await entries(db) == []
    assert "its disk is full: nothing runs until there is room" in why_lost(refused.value)
    assert explain(refused.value).startswith("the database cannot be written to: its disk is full")
    await fill(False)
    assert isinstance(await ask(gateway, task, arguments=LONG), Ran)
    assert len(lab.effects) == 1 and len(await entries(db, "executed")) == 1


async def test_what_ran_as_it_filled_up_is_not_run_again(
    gateway: Gateway, db: Database, lab: Lab, task: Task, fill: Fill
) -> None:
    """The intent was written, the outcome finds no room; later the check sees that it took."""
    alone(gateway)
    lab.at_run = lambda: fill(True)
    with pytest.raises(DBAPIError):
        await ask(gateway, task)
    assert len(lab.effects) == 1 and [one.state for one in await ledger(db, task)] == [IntentState.STARTED]
    lab.at_run = None
    await fill(False)
    assert isinstance(await ask(gateway, task), Ran)
    assert len(lab.effects) == 1 and [one.state for one in await ledger(db, task)] == [IntentState.RAN]


async def test_what_people_approved_waits_for_room(
    gateway: Gateway, db: Database, lab: Lab, task: Task, fill: Fill
) -> None:
    proposal = await approved(db, await propose(gateway, db, task, arguments=LONG))
    await fill(True)
    with pytest.raises(DBAPIError):
        await execute(gateway, task, proposal)
    assert lab.effects == []
    await fill(False)
    assert isinstance(await execute(gateway, task, proposal), Ran)
    assert len(lab.effects) == 1
