"""A look that is made again: the task is parked in between, and whoever dies then loses nothing."""

from pathlib import Path

import pytest

from storage import tasks
from storage.records import StepKind, Task, TaskState
from storage.tables import steps as step_table
from storage.tables import tasks as task_table
from tests.agent.test_skills_run import SET, lab, lab_engine, office, rules, run, said, staff, transcript, using
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.tools.playbooks.test_reading import a_skill
from tools.playbooks.errors import SkillError

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
__all__ = ["lab", "lab_engine", "office", "rules", "staff"]

AGAIN = """plan: x
steps:
  - call:
      id: read
      tool: lab.read
      again: {until: steps.read.result.value == 7, every_seconds: 600, at_most: 3}
  - say: "steps.read.held ? 'it is ' + num(steps.read.result.value) : 'still ' + num(steps.read.result.value)"
"""


async def as_now(office: Office, task: Task) -> Task:
    async with office.db.read() as tx:
        return await tasks.get(tx, TENANT, task.id)


async def passes(office: Office, seconds: float) -> None:
    """The clock goes on: all that was noted lies so much further back."""
    async with office.db.write() as tx:
        await tx.run(step_table.update().values(at=step_table.c.at - seconds))
        await tx.run(task_table.update().values(due_at=task_table.c.due_at - seconds))


async def test_between_two_looks_the_task_is_parked_until_it_holds(office: Office, tmp_path: Path) -> None:
    office = using(office, a_skill(tmp_path, "wait", AGAIN))
    task = await run(office, "skill wait")
    assert (task.state, task.owner, office.lab.seen) == (TaskState.QUEUED, None, ["run lab.read"])
    assert not await office.work()  # nobody holds it, and it is not its time
    await passes(office, 590)
    assert not await office.work()
    office.lab.state["checkout"] = 7
    await passes(office, 11)
    assert await office.work()
    task = await as_now(office, task)
    assert (task.state, await said(office, task)) == (TaskState.COMPLETED, "it is 7")
    assert office.lab.seen == ["run lab.read"] * 2
    thoughts = [s.body["text"] for s in await transcript(office, task) if s.kind is StepKind.THOUGHT]
    assert thoughts == ["Not yet. I look again every 600 s, 3 times at most."]


async def test_a_worker_that_comes_too_early_parks_it_again(office: Office, tmp_path: Path) -> None:
    """As after kill -9: a task that a dead worker held is due at once."""
    office = using(office, a_skill(tmp_path, "wait", AGAIN))
    task = await run(office, "skill wait")
    for _ in range(tasks.MOST_ATTEMPTS + 1):  # parking wears no task out
        async with office.db.write() as tx:
            await tx.run(task_table.update().values(due_at=0.0))
        assert await office.work()
    task = await as_now(office, task)
    assert (task.state, office.lab.seen) == (TaskState.QUEUED, ["run lab.read"])
    await passes(office, 600)
    assert await office.work()
    assert len(office.lab.seen) == 2


async def test_it_looks_so_often_and_no_more_and_says_that_it_did_not_hold(office: Office, tmp_path: Path) -> None:
    office = using(office, a_skill(tmp_path, "wait", AGAIN))
    task = await run(office, "skill wait")
    while await office.work() or (await as_now(office, task)).state is TaskState.QUEUED:
        await passes(office, 601)
    assert await said(office, task) == "still 1"
    assert office.lab.seen == ["run lab.read"] * 3


async def test_a_parked_task_is_stopped_at_once(office: Office, tmp_path: Path) -> None:
    office = using(office, a_skill(tmp_path, "wait", AGAIN))
    task = await run(office, "skill wait")
    assert await office.desk.stop(TENANT, task.id, "U0ANA")
    assert (await as_now(office, task)).state is TaskState.CANCELLED


async def test_in_a_dry_run_it_looks_once(office: Office, tmp_path: Path) -> None:
    """What was only previewed changes nothing that could be waited for."""
    changed = AGAIN.replace("steps:\n", f"steps:{SET.replace('VALUE', '`7`').replace('`', chr(34))}")
    office = using(office, a_skill(tmp_path, "wait", changed))
    task = await run(office, "dry run: skill wait")
    assert (await as_now(office, task)).state is not TaskState.QUEUED


def test_only_looks_are_made_again(office: Office, tmp_path: Path) -> None:
    again = "tool: lab.set\n      again: {until: 'true', every_seconds: 5, at_most: 2}"
    wrong = SET.replace("VALUE", "'7'").replace("tool: lab.set", again)
    with pytest.raises(SkillError, match="'again' is for looking"):
        using(office, a_skill(tmp_path, "push", f"plan: x\nsteps:{wrong}"))
