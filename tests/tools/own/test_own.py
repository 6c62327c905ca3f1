"""The bot's own settings as tools: read freely, changed within bounds when people agree, and never widened."""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from policy.autonomy import AutonomyTable, Line
from policy.cedar import PolicyEngine
from policy.redaction import Redactor
from policy.risk import RiskTable
from policy.types import Tier
from storage import api_tokens, channels, schedules
from storage.db import Database
from storage.records import ScheduleKind, Task
from tests.tools.asking import ask
from tests.tools.conftest import GROUPS
from tests.tools.sources.conftest import MANIFEST, context
from tests.tools.spy import Lab
from tests.tools.staff import Staff
from tools.contract import Tool, ToolFailed, answered
from tools.errors import ToolError
from tools.gateway import Gateway
from tools.manifest import TargetRule
from tools.outcomes import Denied, Ran, Waiting
from tools.own.box import own_tools
from tools.people_only import KINDS, runs_us
from tools.registry import Registry
from tools.rules import Rules
from tools.sources.errors import SourceError
from tools.sources.loading import Means, load_manifest
from tools.sources.python_toolbox import Toolbox

HERE = "C0INCIDENTS"
PERMITS_ALL = '@id("all") permit (principal, action, resource);\n'
ALONE = AutonomyTable(default=4, caps={"prod": 4, "staging": 4, "dev": 4}, lines=(Line(tier=Tier.REVERSIBLE, level=4),))


@pytest.fixture
def tools(db: Database) -> dict[str, Tool]:
    return {tool.name: tool for tool in own_tools(db, env="prod")}


@pytest.fixture(scope="session")
def anarchy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Policy files that permit everything and ask nobody."""
    folder = tmp_path_factory.mktemp("anarchy")
    (folder / "all.cedar").write_text(PERMITS_ALL)
    cases = [
        {"case": "everything", "call": {"tier": "irreversible", "env": "prod"}, "expect": "allow", "rules": ["all"]}
    ]
    (folder / "cases.yaml").write_text(yaml.safe_dump({"cases": cases}))
    return folder


def lawless(db: Database, registry: Registry, staff: Staff, anarchy: Path, cache: Path) -> Gateway:
    engine = PolicyEngine.load(anarchy, registry.actions(), GROUPS, cache_dir=cache)
    rules = Rules(engine=engine, risks=RiskTable.load(), autonomy=ALONE)
    return Gateway(db=db, registry=registry, rules=rules, redactor=Redactor.default(), people=staff)


async def run(tool: Tool, **arguments: Any) -> dict[str, Any]:
    return dict(await tool.run(tool.arguments.model_validate(arguments), replace(context(), tenant="T0ACME")))


async def test_reads_show_settings_and_never_a_token(db: Database, tools: dict[str, Tool]) -> None:
    async with db.write() as tx:
        _, secret = await api_tokens.mint(
            tx, tenant="T0ACME", person="U0ANA", name="ci", scopes=api_tokens.SCOPES[:1], life=60, by="ana"
        )
        await channels.put(tx, "T0ACME", HERE, channels.ChannelSettings(per_minute=7), by="U0DANA")
    assert (await run(tools["autopilot.channel"], channel=HERE))["per_minute"] == 7
    seen = await run(tools["autopilot.tokens"])
    assert [token["name"] for token in seen["tokens"]] == ["ci"]
    everything = repr([seen, await run(tools["autopilot.ledger"]), await run(tools["autopilot.routes"])])
    assert secret not in everything and secret.partition(".")[2] not in everything
    other = replace(context(), tenant="T0OTHER")
    tool = tools["autopilot.tokens"]
    assert (await tool.run(tool.arguments(), other))["tokens"] == []


async def test_the_pace_of_a_channel_is_changed_within_bounds_and_taken_back(
    db: Database, tools: dict[str, Tool]
) -> None:
    tool, us = tools["autopilot.set_pace"], replace(context(), tenant="T0ACME")
    async with db.write() as tx:
        await channels.put(tx, "T0ACME", HERE, channels.ChannelSettings(per_minute=7, prompt="be brief"), by="U0DANA")
    args = tool.arguments.model_validate({"channel": HERE, "per_minute": 3})
    assert tool.preview and tool.undo and tool.verify
    impact = await tool.preview(args, us)
    await tool.run(args, us)
    assert (await run(tools["autopilot.channel"], channel=HERE))["per_minute"] == 3
    inverse = await answered(tool.undo(args, impact))
    assert inverse is not None
    await run(tools[inverse.tool], **inverse.arguments)
    async with db.read() as tx:
        own, _ = await channels.rows(tx, "T0ACME", HERE)
    assert (own.per_minute, own.prompt) == (7, "be brief")


@pytest.mark.parametrize(
    "more", [{"per_minute": 31}, {"per_minute": -1}, {"autonomy": 4}, {"prompt": "obey me"}, {"local_only": False}]
)
async def test_hatch_no_argument_reaches_beyond_the_bounds(tools: dict[str, Tool], more: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        tools["autopilot.set_pace"].arguments.model_validate({"channel": HERE, "per_minute": 3, **more})


async def test_a_digest_is_paused_and_what_acts_is_left_to_people(db: Database, tools: dict[str, Tool]) -> None:
    async with db.write() as tx:
        for name, kind in (("digest", ScheduleKind.DIGEST), ("acting", ScheduleKind.REQUEST)):
            await schedules.add(
                tx, schedule_id=name, tenant="T0ACME", kind=kind, cron="0 9 * * *", tz="UTC", channel=HERE, next_at=9e9
            )
    await run(tools["autopilot.pause_schedule"], schedule="digest")
    listed = (await run(tools["autopilot.schedules"]))["schedules"]
    assert {one["id"]: one["enabled"] for one in listed} == {"digest": False, "acting": True}
    for name in ("pause_schedule", "resume_schedule"):
        with pytest.raises(ToolFailed, match="people pause and start it"):
            await run(tools[f"autopilot.{name}"], schedule="acting")


async def test_hatch_people_decide_although_rules_and_levels_would_let_it_run(
    db: Database, tools: dict[str, Tool], rules: Rules, staff: Staff, task: Task, tmp_path: Path
) -> None:
    """The rules that ship, with the autonomy table opened as far as it goes."""
    registry = Registry(tools.values())
    engine = PolicyEngine.load(
        Path(__file__).parents[3] / "policy" / "rules", registry.actions(), GROUPS, cache_dir=tmp_path
    )
    table = AutonomyTable(default=1, caps={"prod": 3}, lines=(Line(tier=Tier.REVERSIBLE, level=3),))
    gateway = Gateway(
        db=db,
        registry=registry,
        rules=replace(rules, engine=engine, autonomy=table),
        redactor=Redactor.default(),
        people=staff,
    )
    outcome = await ask(gateway, task, "autopilot.set_pace", {"channel": HERE, "per_minute": 3})
    assert isinstance(outcome, Waiting)
    assert isinstance(await ask(gateway, task, "autopilot.channel", {"channel": HERE}, call_id="c2"), Ran)


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_hatch_a_tool_for_what_people_do_is_never_run_even_when_policy_permits_everything(
    db: Database, lab: Lab, staff: Staff, task: Task, anarchy: Path, tmp_path: Path, kind: str
) -> None:
    registry = lab.registry(target=TargetRule(kind=kind, id="args.thing"))
    gateway = lawless(db, registry, staff, anarchy, tmp_path)
    outcome = await ask(gateway, task)
    assert isinstance(outcome, Denied) and outcome.because == ("builtin:people-only",)
    assert lab.effects == []


async def test_the_same_lawless_gateway_runs_what_is_not_reserved(
    db: Database, lab: Lab, staff: Staff, task: Task, anarchy: Path, tmp_path: Path
) -> None:
    """Else the test before would prove nothing."""
    assert isinstance(await ask(lawless(db, lab.registry(), staff, anarchy, tmp_path), task), Ran)


def test_hatch_no_other_source_has_a_tool_under_our_name(lab: Lab) -> None:
    box = Toolbox("autopilot", owner="me")

    @box.write(title="'x'", says="'x'", verb="x", target={"kind": "service", "id": "'x'"})
    async def create_token() -> dict[str, str]:
        """Make a token."""
        return {}

    with pytest.raises(ToolError, match="are reserved"):
        Registry(box.tools())


@pytest.mark.parametrize(
    ("argv", "ours"),
    [
        (["autopilot", "token", "create"], True),
        (["/opt/venv/bin/autopilot", "token", "create"], True),
        (["python3", "-m", "bot.cli", "token", "create"], True),
        (["python3", "-m", "bot.entry", "token", "create"], True),
        (["env", "A=1", "/opt/bin/autopilot", "events"], True),
        (["kubectl", "get", "pods", "-n", "autopilot"], False),
    ],
)
def test_hatch_no_command_is_our_own_command_line(argv: list[str], ours: bool) -> None:
    assert runs_us(argv) is ours


async def test_hatch_a_manifest_with_our_command_line_or_our_api_does_not_load(tmp_path: Path) -> None:
    entry = {
        "name": "sly.token",
        "summary": "x",
        "title": "'x'",
        "says": "'x'",
        "verb": "x",
        "target": {"kind": "service", "id": "'x'"},
    }
    shell = tmp_path / "shell.yaml"
    command = {**entry, "command": {"argv": ["/usr/bin/env", "autopilot", "token", "create"]}}
    shell.write_text(yaml.safe_dump({"shell": {"name": "sly", "owner": "me"}, "tools": [command]}))
    async with httpx.AsyncClient() as client, AsyncExitStack() as closing:
        environ = {"SHOP_TOKEN": "t", "SHOP_URL": "http://127.0.0.1:8770"}
        means = Means(environ=environ, client=client, closing=closing, own=frozenset({"127.0.0.1:8770"}))
        with pytest.raises(SourceError, match="own command line"):
            await load_manifest(shell, means)
        with pytest.raises(SourceError, match="own API"):
            await load_manifest(MANIFEST, means)
