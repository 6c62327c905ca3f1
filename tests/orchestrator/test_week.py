"""What the weekly digest counts, of a week that really happened: each kind of ending once, and told apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.orchestrator import sweeps
from bot.schedules.autonomy import AutonomyView, autonomy
from bot.schedules.digests import digest
from storage import intents, proposals, tasks
from storage.records import IntentState
from tests import migrated
from tests.builders import TENANT
from tests.orchestrator.late import make_late
from tests.orchestrator.office import Office
from tests.tools.asking import tamper
from tests.tools.spy import broken_before
from tools.sealing import open_seal


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{migrated.copy_to(tmp_path / 'test.db')}"


async def _week(office: Office) -> AutonomyView:
    async with office.db.read() as tx:
        found = await proposals.recent(tx, TENANT)
        ledger = await intents.recent(tx, TENANT, since=0.0)
        alone = replace(next(one for one in ledger if one.state is IntentState.RAN), approved_by=[])
        ledger += [alone, replace(alone, tier="read"), replace(alone, dry_run=True)]
        until = await tx.time() + 1
        view = digest(
            title="",
            since=until - 86_400,
            until=until,
            tasks=await tasks.recent(tx, TENANT),
            proposals=found,
            open_now=await proposals.open_ones(tx, TENANT),
            intents=ledger,
            approvers={},
            readable={"C0INC"},
        )
    return autonomy(view, proposals=found, intents=ledger, tz="UTC")


async def test_each_ending_of_a_week_is_counted_as_what_it_was(office: Office) -> None:
    undone = await office.ran()
    await office.undo("U0DANA", undone)
    await office.work()
    await office.reject("U0DANA", await office.proposed())
    await make_late(office, await office.proposed())
    assert await sweeps.expire(office.db) == 1
    edited = await office.proposed()
    await office.edit("U0DANA", edited, value=9)
    waits = await office.proposed()
    while await office.work():
        pass
    async with office.db.read() as tx:
        [changed] = [p for p in await proposals.of_task(tx, TENANT, edited.task_id) if p.id != edited.id]
    await office.approve("U0SAM", changed)
    office.lab.troubles = [broken_before]
    while await office.work():
        pass
    altered = await office.proposed()
    await office.approve("U0DANA", altered)
    await tamper(office.db, "update proposals set sealed = '{}' where id = :id", id=altered.id)
    while await office.work():
        pass
    week = await _week(office)
    told, asked = week.digest, 6  # ran, rejected, expired, edited and failed, refused before the run, still waiting
    assert (told.proposed, told.approved, told.rejected, told.expired) == (asked, 3, 1, 1)
    assert (week.edited, told.auto_run, told.undone, told.failing_tools) == (1, 1, 1, (("lab.set", 1, 6),))
    assert told.median_decision_seconds is not None and told.median_decision_seconds < 60
    assert [item.says for item in told.open_items] == [open_seal(waits).says]
    drawn = {series.name: series.total for series in week.series}
    assert drawn == {"approved": 3, "rejected": 1, "unanswered": 1, "ran alone": 1, "undone": 1}
