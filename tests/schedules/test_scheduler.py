"""Firing: once across replicas and restarts, late ones folded or left out, what acts only when proven."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from bot.orchestrator.core import Orchestrator
from bot.schedules.runs import Runs
from bot.schedules.scheduler import GRACE, fire_due
from policy.people import CannotAsk
from policy.types import Actor
from storage import audit, rollouts, schedule_runs, schedules
from storage import posts as keep_posts
from storage.db import Database, Tx
from storage.migrate import migrate
from storage.records import PostKind, Schedule, ScheduleKind
from storage.rollouts import Stage
from storage.row_security import EVERYTHING
from storage.tables import posts
from tests.builders import TENANT
from tests.tools.staff import Staff

HOUR, DAY = 3600.0, 86_400.0


def does(schedule: Schedule) -> str:
    return f"what {schedule.payload.get('text', 'it')} does"


async def definition(tx: Tx, schedule: Schedule) -> str:
    return does(schedule)


async def a_schedule(db: Database, **changes: Any) -> Schedule:
    """A daily digest, due at 1,000,000."""
    values: dict[str, Any] = {
        "tenant": TENANT,
        "kind": ScheduleKind.DIGEST,
        "cron": "",
        "every_seconds": DAY,
        "tz": "UTC",
        "channel": "C0OPS",
        "next_at": 1_000_000.0,
    }
    async with db.write() as tx:
        made = await schedules.add(tx, **(values | changes))
    assert made is not None
    return made


async def a_request(db: Database, **changes: Any) -> Schedule:
    return await a_schedule(
        db, **({"kind": ScheduleKind.REQUEST, "payload": {"text": "tidy up"}, "owner": "U0DANA"} | changes)
    )


async def prove(db: Database, schedule: Schedule, *stages: Stage, clean: bool = True) -> None:
    for stage in stages:
        async with db.write() as tx:
            await rollouts.record(
                tx,
                tenant=TENANT,
                subject=f"schedule:{schedule.id}",
                definition=does(schedule),
                stage=stage,
                seen=1,
                troubles=[] if clean else ["it burnt"],
            )


async def events(db: Database) -> list[str]:
    async with db.read() as tx:
        found = await audit.entries(tx, TENANT)
    return [e.event.removeprefix("ops.schedule.") for e in found if e.event.startswith("ops.schedule.")]


async def digests(db: Database) -> list[dict[str, Any]]:
    async with db.read() as tx:
        rows = (await tx.run(sa.select(posts.c.body).where(posts.c.kind == "digest").order_by(posts.c.id))).all()
    return [dict(row.body) for row in rows]


async def again(db: Database, schedule: Schedule) -> Schedule:
    async with db.read() as tx:
        return await schedules.get(tx, TENANT, schedule.id)


async def test_replicas_that_tick_at_once_fire_once(db: Database, database_url: str) -> None:
    """Four ticks of two processes' worth of connections on one due schedule make one digest."""
    await a_schedule(db)
    other = Database(database_url, sees=EVERYTHING)
    try:
        await migrate(other)
        await asyncio.gather(*(fire_due(one, definition, at=1_000_005.0) for one in (db, other, db, other)))
    finally:
        await other.close()
    assert len(await digests(db)) == 1 and await events(db) == ["fired"]


async def test_replicas_that_tick_at_once_begin_one_run(db: Database, database_url: str) -> None:
    schedule = await a_request(db)
    await prove(db, schedule, Stage.DRY_RUN, Stage.MANUAL)
    other = Database(database_url, sees=EVERYTHING)
    try:
        await migrate(other)
        await asyncio.gather(*(fire_due(one, definition, at=1_000_005.0) for one in (db, other, db, other)))
    finally:
        await other.close()
    async with db.read() as tx:
        [run] = await schedule_runs.open_ones(tx)
    assert (run.stage, run.planned_at, run.requester) == (Stage.UNATTENDED, 1_000_000.0, "U0DANA")


async def test_a_restart_fires_nothing_again(db: Database, database_url: str) -> None:
    await a_schedule(db)
    assert await fire_due(db, definition, at=1_000_000.0) == 1
    again_ = Database(database_url, sees=EVERYTHING)
    try:
        assert await fire_due(again_, definition, at=1_000_001.0) == 0
        assert await fire_due(again_, definition, at=1_000_000.0 + DAY) == 1
    finally:
        await again_.close()
    assert len(await digests(db)) == 2


async def test_firings_missed_while_all_were_down_become_one(db: Database) -> None:
    """It tells of all the time since the digest before, a week at most."""
    schedule = await a_schedule(db, every_seconds=HOUR)
    await fire_due(db, definition, at=1_000_000.0)
    assert await fire_due(db, definition, at=1_000_000.0 + 3 * DAY + 60) == 1
    assert await fire_due(db, definition, at=1_000_000.0 + 3 * DAY + 61) == 0
    _, late = await digests(db)
    assert (late["since"], late["until"]) == (1_000_000.0, 1_000_000.0 + 3 * DAY)
    assert (await again(db, schedule)).next_at == 1_000_000.0 + 3 * DAY + HOUR


async def test_what_is_later_than_its_grace_is_left_out_and_on_record(db: Database) -> None:
    digest, request = await a_schedule(db), await a_request(db)
    await prove(db, request, Stage.DRY_RUN, Stage.MANUAL)
    late = 1_000_000.0 + GRACE[ScheduleKind.REQUEST] + 1
    assert await fire_due(db, definition, at=late) == 2
    assert sorted(await events(db)) == ["fired", "missed"]
    async with db.read() as tx:
        assert await schedule_runs.open_ones(tx) == []
    assert (await again(db, request)).last_at is None and (await again(db, digest)).last_at == 1_000_000.0
    assert (await again(db, request)).next_at == 1_000_000.0 + DAY


@pytest.mark.parametrize(
    ("proven", "need"),
    [((), "dry run"), ((Stage.DRY_RUN,), "run by hand"), ((Stage.MANUAL,), "dry run")],
)
async def test_what_acts_runs_alone_only_when_proven(db: Database, proven: tuple[Stage, ...], need: str) -> None:
    """Whoever switched it on in the table: it is paused and says why."""
    schedule = await a_request(db)
    await prove(db, schedule, *proven)
    await fire_due(db, definition, at=1_000_000.0)
    assert not (await again(db, schedule)).enabled
    async with db.read() as tx:
        assert await schedule_runs.open_ones(tx) == []
        [entry] = [e for e in await audit.entries(tx, TENANT) if e.event == "ops.schedule.paused"]
        told = (await tx.run(sa.select(posts.c.body))).one().body["text"]
    assert f"a clean {need} comes first" in json.loads(entry.body)["why"] and need in told


async def test_a_changed_definition_is_not_proven(db: Database) -> None:
    """The bot was upgraded: another tool, rule or brain is another thing to run alone."""
    schedule = await a_request(db)
    await prove(db, schedule, Stage.DRY_RUN, Stage.MANUAL)

    async def after_the_upgrade(tx: Tx, schedule: Schedule) -> str:
        return "after the upgrade"

    await fire_due(db, after_the_upgrade, at=1_000_000.0)
    assert await events(db) == ["paused"] and not (await again(db, schedule)).enabled


async def test_an_unclean_run_alone_takes_the_proof_back(db: Database) -> None:
    schedule = await a_request(db)
    await prove(db, schedule, Stage.DRY_RUN, Stage.MANUAL)
    await prove(db, schedule, Stage.UNATTENDED, clean=False)
    await fire_due(db, definition, at=1_000_000.0)
    assert await events(db) == ["paused"]


async def test_a_schedule_never_overlaps_itself(db: Database) -> None:
    schedule = await a_request(db)
    await prove(db, schedule, Stage.DRY_RUN, Stage.MANUAL)
    await fire_due(db, definition, at=1_000_000.0)
    await fire_due(db, definition, at=1_000_000.0 + DAY)
    assert await events(db) == ["fired", "skipped"]
    async with db.read() as tx:
        [run] = await schedule_runs.open_ones(tx)
    async with db.write() as tx:
        assert await schedule_runs.close(tx, run) and not await schedule_runs.close(tx, run)
    await fire_due(db, definition, at=1_000_000.0 + 2 * DAY)
    assert await events(db) == ["fired", "skipped", "fired"]
    assert (await again(db, schedule)).enabled


async def test_the_settings_digest_is_made_once_and_stays_removed(db: Database) -> None:
    first = await a_schedule(db, schedule_id="s_settings")
    async with db.write() as tx:
        assert await schedules.add(tx, **_same("s_settings")) is None
        await schedules.remove(tx, first)
        assert await schedules.add(tx, **_same("s_settings")) is None
        assert await schedules.of_tenant(tx, TENANT) == [] and await schedules.due(tx, 2_000_000.0) == []


def _same(schedule_id: str) -> dict[str, Any]:
    return {
        "schedule_id": schedule_id,
        "tenant": TENANT,
        "kind": ScheduleKind.DIGEST,
        "cron": "0 9 * * *",
        "tz": "UTC",
        "channel": "C0OPS",
        "next_at": 1_000_000.0,
    }


async def test_one_that_cannot_be_planned_any_more_is_paused_and_keeps_no_other_from_coming(db: Database) -> None:
    """A time zone that is gone with an upgrade of the machine's, a cron that an older version took."""
    zone = await a_schedule(db, tz="Mars/Phobos", cron="0 9 * * *", every_seconds=None, channel="C0MARS")
    text = await a_schedule(db, cron="0 9 * * 1-99", every_seconds=None, channel="C0MARS", next_at=999_990.0)
    good = await a_schedule(db)
    assert await fire_due(db, definition, at=1_000_005.0) == 3
    assert [one["until"] for one in await digests(db)] == [1_000_000.0]
    assert (await again(db, good)).next_at == 1_000_000.0 + DAY
    assert [(await again(db, one)).enabled for one in (zone, text)] == [False, False]
    assert sorted(await events(db)) == ["fired", "paused", "paused"]
    assert await fire_due(db, definition, at=1_000_006.0) == 0


@dataclass
class _Silent(Staff):
    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        if user_id == "U0DANA":
            raise CannotAsk("slack does not answer")
        return await super().actor(tenant, user_id)


async def test_a_run_whose_person_cannot_be_asked_about_keeps_no_other_from_going_on(db: Database) -> None:
    """It waits; the run of somebody who has left ends meanwhile."""
    waiting, over = await a_request(db), await a_request(db, owner="U0GONE")
    async with db.write() as tx:
        for one in (waiting, over):
            run = await schedule_runs.begin(tx, one, definition="d", stage=Stage.MANUAL, planned_at=1.0, text="tidy up")
            assert run is not None
            subject = f"schedule-run:{run.id}"
            await keep_posts.want(
                tx, tenant=TENANT, kind=PostKind.NOTICE, subject=subject, channel="C0OPS", body={}, ts="1.5"
            )
    idle = Orchestrator.__new__(Orchestrator)  # no run gets as far as a task
    await Runs(db=db, orchestrator=idle, people=_Silent()).go_on()
    async with db.read() as tx:
        assert [run.schedule_id for run in await schedule_runs.open_ones(tx)] == [waiting.id]
