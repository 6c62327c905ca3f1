"""Recorded calls decided again: what came out otherwise is counted and named, and nothing else is."""

from pathlib import Path

import pytest

from bot.brains.base import Call
from bot.commands.policy_replay import Side, channel_levels, lines, recorded, replay, summary
from policy import loader
from policy.autonomy import AutonomyTable
from policy.budgets import Budget
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.freezes import Freeze
from policy.risk import RiskTable
from storage import channels
from storage.db import Database
from tests import migrated
from tests.builders import TENANT
from tests.commands.conftest import Cli
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import DONE, Office, a_change
from tests.tools.conftest import GROUPS
from tests.tools.test_gateway_order import alone
from tools.registry import Registry

__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


def candidate(folder: Path, registry: Registry, text: str) -> PolicyEngine:
    """The shipped rules and one more."""
    folder.mkdir()
    for file in DEFAULT_RULES.iterdir():
        (folder / file.name).write_text(file.read_text())
    (folder / "more.cedar").write_text(text)
    specs = registry.actions()
    return PolicyEngine(loader.load(folder, specs, GROUPS), specs)


def a_side(engine: PolicyEngine, **changes: object) -> Side:
    return Side(engine=engine, autonomy=AutonomyTable.load().model_copy(update=changes), risks=RiskTable.load())


BLOCK = '@id("frozen")\nforbid (principal, action in Action::"WRITE", resource);\n'
SRE = '@id("two")\n@approvals("2")\n@from("sre")\nforbid (principal, action in Action::"READ", resource);\n'
MORE = SRE.replace("READ", "WRITE")


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        (BLOCK, "run 0 more alone, asked 0 more, blocked 1 more", "ask people → be blocked by frozen"),
        (SRE, "run 0 more alone, asked 1 more, blocked 0 more", "run alone → ask people by two (2 of @sre)"),
        (MORE, "run 0 more alone, asked 0 more, blocked 0 more, and asked other people for 1", "! lab.set"),
        ("", "run 0 more alone, asked 0 more, blocked 0 more", ""),
    ],
)
async def test_each_recorded_call_is_decided_by_both(
    office: Office, tmp_path: Path, text: str, says: str, line: str
) -> None:
    """One read that ran alone, one change that people were asked about and that ran."""
    read = Call(call_id="r1", tool="lab.read", arguments={})
    office.script[:] = [[read], [a_change()], DONE, DONE]
    await office.ran()
    calls = await recorded(office.db, TENANT, 0.0)
    assert [(call.tool, call.requester) for call in calls] == [("lab.read", "U0ANA"), ("lab.set", "U0ANA")]
    registry = office.lab.registry()
    today = a_side(PolicyEngine(loader.load(DEFAULT_RULES, registry.actions(), GROUPS), registry.actions()))
    new = a_side(candidate(tmp_path / "candidate", registry, text))
    found = list(replay(calls, registry, today, new, frozenset(GROUPS)))
    assert summary(found) == f"of 2 recorded calls it would have {says}"
    named = list(lines(found, "http://console"))
    assert len(named) == bool(line)
    if line:
        assert line in named[0] and "http://console/tasks/t_" in named[0]


async def test_a_call_of_a_tool_that_is_gone_is_said_so(office: Office) -> None:
    alone(office.gateway)
    await office.ask(text="set checkout to 7 in prod")
    await office.work()
    calls = await recorded(office.db, TENANT, 0.0)
    registry = office.lab.registry()
    side = a_side(PolicyEngine(loader.load(DEFAULT_RULES, registry.actions(), GROUPS), registry.actions()))
    found = list(replay(calls, Registry([]), side, side, frozenset()))
    assert summary(found).startswith("of 0 recorded calls")
    assert "cannot be decided any more: no such tool is configured here" in next(lines(found, ""))


async def test_freezes_budgets_and_levels_of_channels_are_replayed(office: Office) -> None:
    """Two changes that ran alone: by a candidate table, and by what an admin set for the channel since."""
    alone(office.gateway)
    office.script[:] = [[a_change()], [a_change(value=8, call_id="c2")], DONE]
    await office.ask(text="set checkout to 7, then to 8, in prod")
    await office.work()
    calls = await recorded(office.db, TENANT, 0.0)
    assert len(calls) == 2 and len(calls[1].earlier) == 1
    registry = office.lab.registry()
    engine = office.gateway.rules.engine
    risks = RiskTable.load()
    today = Side(engine=engine, autonomy=office.gateway.rules.autonomy, risks=risks)

    def by(**changes: object) -> list[str]:
        side = Side(engine=engine, autonomy=today.autonomy.model_copy(update=changes), risks=risks)
        return [one.candidate for one in replay(calls, registry, today, side, frozenset(GROUPS))]

    assert by() == ["allow", "allow"]
    always = {"name": "sale", "tz": "UTC", "from": "2020-01-01", "to": "2100-01-01"}
    assert by(freezes=(Freeze.model_validate(always),)) != ["allow", "allow"]
    assert by(budgets=(Budget(per="task", changes=1),)) == ["allow", "deny"]
    async with office.db.write() as tx:
        await channels.put(tx, TENANT, "C0INC", channels.ChannelSettings(autonomy=1), by="U0DANA")
    places = await channel_levels(office.db, TENANT, calls)
    found = replay(calls, registry, today, today, frozenset(GROUPS), places)
    assert [one.today for one in found] == ["ask", "ask"]


def test_the_command_reads_the_ledger(cli: Cli, home: Path) -> None:
    import asyncio

    async def make() -> None:
        db = Database(f"sqlite+aiosqlite:///{migrated.copy_to(home / 'autopilot.db')}")
        await db.close()

    asyncio.run(make())
    done = cli("policy", "simulate", str(DEFAULT_RULES), "--since", "30d")
    assert done.exit_code == 0, done.exception
    assert "since 30d: of 0 recorded calls it would have run 0 more alone" in done.output
