"""The two other scenarios of the demo, and the first one on PostgreSQL."""

from pathlib import Path

import pytest

from bot.demo.shop.faults import Story
from storage import tasks
from storage.db import Database
from storage.migrate import migrate
from storage.records import TaskState
from storage.row_security import EVERYTHING
from tests.scenarios.world import ANA, DANA, NOOR, SAM, World, a_world, everything


async def test_a_dogpile_gets_friction_that_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=Story.DOGPILE) as world:
        thread = await world.ask("there is a burst of replies on a post, is it a dogpile?")
        card = await world.card(thread, "proposal.approve")
        await world.click(DANA, card, "proposal.approve")
        await world.text(thread, "The pile-on is slowed", seconds=45)
        assert "proposal.undo" in everything(await world.card(thread, "proposal.undo"))


async def _approve_by(world: World, thread: str, says: str, *people: str) -> None:
    """Press Approve as each of these people on the card with these words."""
    card = await world.card(thread, "proposal.approve", says=says, seconds=40)
    for person in people:
        await world.click(person, card, "proposal.approve")


async def test_an_irreversible_restart_in_prod_takes_three_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of sre and two of sre-leads; one person counts once; the requester not at all; then a backfill."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=Story.STUCK_CONSUMER) as world:
        thread = await world.ask("the analytics pipeline is lagging, why?")
        card = await world.card(thread, "proposal.approve", says="cannot be undone")
        await world.click(ANA, card, "proposal.approve")
        await world.text(thread, "You cannot approve this", who=ANA)
        await world.click(DANA, card, "proposal.approve")
        await world.click(DANA, card, "proposal.approve")
        await world.text(thread, "still needs", who=DANA)
        await world.click(SAM, card, "proposal.approve")
        async with world.database() as db, db.read() as tx:
            [task] = await tasks.recent(tx, "T0ACME")
            assert task.state is TaskState.NEEDS_APPROVAL
        await world.click(NOOR, card, "proposal.approve")
        await _approve_by(world, thread, "*Backfill", DANA, SAM, NOOR)
        await world.text(thread, "Analytics has all orders again", seconds=60)
        shown = next(m for m in world.thread(thread) if m["ts"] == card["ts"])
        assert "proposal.undo" not in everything(shown)


@pytest.mark.postgres
async def test_the_story_runs_on_postgres(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owned_postgres_url: str
) -> None:
    """The same product on PostgreSQL: proposal, approval, one execution, answer, undo."""
    database = Database(owned_postgres_url, sees=EVERYTHING)
    await migrate(database)
    await database.close()
    async with a_world(tmp_path, monkeypatch.setenv, database_url=owned_postgres_url) as world:
        thread = await world.ask("checkout is failing, what is going on?")
        await _approve_by(world, thread, "new-checkout", DANA)
        done = await world.card(thread, "proposal.undo", seconds=40)
        await world.text(thread, "checkout is well again", seconds=40)
        await world.click(SAM, done, "proposal.undo")
        await world.text(thread, "Undone by <@U0SAM>", seconds=40)
