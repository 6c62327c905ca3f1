"""Runs that come by themselves share one message a day, and each has its own task in its thread."""

from typing import Any

import pytest

from bot.lifecycle import days
from bot.schedules import runs
from bot.schedules.runs import Runs
from storage import channels, posts, schedule_runs, schedules, tasks
from storage import steps as step_store
from storage.channels import ChannelSettings
from storage.records import Schedule, ScheduleKind, ScheduleRun, StepKind, TaskState
from storage.rollouts import Stage
from storage.tables import posts as post_table
from storage.tables import schedule_runs as run_table
from storage.tables import tasks as task_table
from tests.builders import TENANT
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import Office

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


async def a_schedule(office: Office) -> Schedule:
    async with office.db.write() as tx:
        made = await schedules.add(
            tx,
            tenant=TENANT,
            kind=ScheduleKind.REQUEST,
            cron="",
            every_seconds=300.0,
            tz="UTC",
            channel="C0OPS",
            next_at=1_000_000.0,
            owner="U0DANA",
            payload={"text": "look around"},
        )
    assert made is not None
    return made


async def fired(office: Office, schedule: Schedule, at: float) -> ScheduleRun:
    async with office.db.write() as tx:
        run = await schedule_runs.begin(
            tx, schedule, definition="d", stage=Stage.UNATTENDED, planned_at=at, text="look around"
        )
        assert run is not None
        await runs.announce(tx, run)
        await tx.run(post_table.update().values(ts="7.5"))  # Slack has it
    return run


async def ended(office: Office, quiet: bool) -> None:
    """The open task is worked to its end."""
    async with office.db.write() as tx:
        [task] = await tasks.recent(tx, TENANT, only_open=True)
        note: dict[str, Any] = {"text": "x", "path": "", "quiet": quiet}
        await step_store.append(tx, task, 0, [(StepKind.SAID, {"text": "well"}), (StepKind.NOTE, note)])
        await tx.run(task_table.update().where(task_table.c.id == task.id).values(state=TaskState.COMPLETED))


async def test_runs_of_a_day_are_counted_in_one_message(office: Office) -> None:
    going = Runs(db=office.db, orchestrator=office.desk, people=office.staff)
    schedule = await a_schedule(office)
    for number in range(3):
        run = await fired(office, schedule, 1_000_000.0 + 300 * number)
        await going.go_on()
        await ended(office, quiet=number < 2)
        await going.go_on()
    async with office.db.read() as tx:
        [post] = await posts.showing(tx, TENANT, days.subject_of(run))
        every = await tasks.recent(tx, TENANT)
    assert {(task.thread_ts, task.state) for task in every} == {("7.5", TaskState.COMPLETED)} and len(every) == 3
    assert "look around\n12 January 1970 (UTC): came 3 times, the last at " in str(post.body["text"])
    assert str(post.body["text"]).endswith("; 2 times it was well.")
    tomorrow = await fired(office, schedule, 1_000_000.0 + 86_400)
    assert days.subject_of(tomorrow) != days.subject_of(run)


async def test_a_run_whose_process_died_finds_its_own_task_in_the_shared_thread(office: Office) -> None:
    going = Runs(db=office.db, orchestrator=office.desk, people=office.staff)
    schedule = await a_schedule(office)
    await fired(office, schedule, 1_000_000.0)
    await going.go_on()
    await ended(office, quiet=True)
    await going.go_on()
    await fired(office, schedule, 1_000_300.0)
    await going.go_on()
    async with office.db.write() as tx:
        [open_run] = await schedule_runs.open_ones(tx)
        await tx.run(run_table.update().where(run_table.c.id == open_run.id).values(task_id=None))
    await going.go_on()
    async with office.db.read() as tx:
        [again] = await schedule_runs.open_ones(tx)
    assert again.task_id == open_run.task_id


async def test_a_run_in_a_channel_where_the_bot_is_off_ends_and_keeps_no_next_one_away(office: Office) -> None:
    going = Runs(db=office.db, orchestrator=office.desk, people=office.staff)
    schedule = await a_schedule(office)
    await fired(office, schedule, 1_000_000.0)
    await going.go_on()
    await ended(office, quiet=True)
    await going.go_on()
    await fired(office, schedule, 1_000_300.0)
    async with office.db.write() as tx:
        await channels.put(tx, TENANT, "C0OPS", ChannelSettings(enabled=False), by="U0DANA")
    await going.go_on()
    async with office.db.read() as tx:
        assert await schedule_runs.open_ones(tx) == []
        assert not (await schedules.get(tx, TENANT, schedule.id)).enabled
