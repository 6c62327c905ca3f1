"""`dry run` before a request, and on a card that waits: what would happen, and how well that is known."""

import pytest

from bot.orchestrator.intake import dry_run
from bot.orchestrator.show import Showroom
from storage import proposals, steps, tasks
from storage.records import StepKind, Task, TaskState
from tests.builders import TENANT
from tests.orchestrator.office import BURNS, DONE, Office, a_change
from tests.orchestrator.planned import a_drop


async def _previews(office: Office, task: Task) -> list[str]:
    async with office.db.read() as tx:
        assert await proposals.of_task(tx, TENANT, task.id) == [], "nobody is asked"
        found = await steps.of_task(tx, task)
    return [str(s.body["content"]["message"]) for s in found if s.kind is StepKind.RESULT]  # type: ignore[index, call-overload]


async def test_words_before_a_request_make_it_a_dry_run(office: Office) -> None:
    """Nothing runs, nobody is asked, and the result names its grade and what policy would do."""
    office.script = [[a_change(), a_drop()], DONE]
    task = await office.ask(text=f"dry run: {BURNS}")
    assert task.dry_run and task.text == BURNS
    while await office.work():
        pass
    first, second = await _previews(office, task)
    assert first.startswith("dry run (previewed with impact analysis), nothing changed: ")
    assert "it would ask: 1 of @operators" in first
    assert second.startswith("dry run (simulated from the manifest), nothing changed: ")
    assert office.lab.effects == []


@pytest.mark.parametrize(
    "words", ["dry run: look", "dry run look", "Dry-run, look", "please dry run look", "dryrun look"]
)
def test_ways_to_ask_for_it(words: str) -> None:
    assert dry_run(words) == (True, "look")


@pytest.mark.parametrize(
    "words", ["dry runs fail since noon", "dry running low on disk", "the dry run: why?", "dry-run-job"]
)
def test_other_words_are_a_request_as_it_stands(words: str) -> None:
    assert dry_run(words) == (False, words)


async def test_a_dry_run_asked_for_in_a_thread_at_work_is_one(office: Office) -> None:
    """The real task must not take it for something to do; what follows a dry run stays one."""
    real = await office.ask(thread="5.0")
    dry = await office.ask(text=f"dry run: {BURNS}", thread="5.0")
    assert dry.id != real.id and dry.dry_run
    same = await office.ask(text="and the search, too", thread="5.0")
    assert same.id == dry.id
    async with office.db.read() as tx:
        assert (await tasks.get(tx, TENANT, real.id)).state is TaskState.QUEUED
        assert [s.kind for s in await steps.of_task(tx, real)] == [StepKind.USER]


async def test_a_card_that_waits_can_be_tried_now(office: Office) -> None:
    """It names the grade, what would change, and whether the target is as it was; nothing is changed by looking."""
    proposal = await office.proposed()
    room = Showroom(office.db, office.gateway, office.staff, lambda hashed: hashed)
    said = await room.preview_now(TENANT, proposal.id)
    assert said.startswith("Dry run (previewed with impact analysis), nothing changed: ") and "1 → 7" in said
    assert said.endswith("the target is as it was when this was proposed.")
    office.lab.state["checkout"] = 3
    said = await room.preview_now(TENANT, proposal.id)
    assert "3 → 7" in said and said.endswith("the target has changed since this was proposed.")
    assert office.lab.effects == []
