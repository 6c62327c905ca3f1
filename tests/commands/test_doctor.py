"""The doctor against the local Slack: what is wrong is named with its next step, what is right is left alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.commands.checks import confined_sources
from bot.commands.checks.finding import Finding, State
from bot.commands.doctor import _all
from bot.demo.run import MANIFEST
from bot.demo.slack import app_config
from bot.demo.slack.faults import FaultKind
from bot.demo.slack.server import LocalSlack
from bot.settings import read
from bot.slack.vault import new_key
from policy.redaction import Redactor
from storage.db import Database
from storage.migrate import migrate
from tests.brains.model_servers import openai_sse, serving
from tests.commands.conftest import Cli, Spawn

AS_INSTALLED = app_config.from_manifest(MANIFEST)


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack(app_config=AS_INSTALLED).serve() as slack:
        yield slack


def settings_of(slack: LocalSlack, **more: Any) -> dict[str, Any]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "slack_api_url": slack.api_url,
        **more,
    }


def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def examine(**settings: Any) -> dict[str, Finding]:
    """Every finding by its check."""
    return {finding.check: finding async for finding in _all(read(**settings))}


@pytest.mark.usefixtures("home")
async def test_all_is_well_with_an_app_installed_from_its_manifest(slack: LocalSlack) -> None:
    found = await examine(**settings_of(slack))
    assert [f for f in found.values() if f.state is State.BROKEN] == []
    assert found["SLACK_BOT_TOKEN"].says == "is taken: bot 'autopilot' in workspace 'Acme' (T0ACME)"
    assert found["scopes"].says == f"all {len(AS_INSTALLED.scopes)} of app_manifest.yml are granted"
    assert found["SLACK_APP_TOKEN"].state is State.OK


@pytest.mark.usefixtures("home")
async def test_looking_takes_no_event_away_from_a_bot_that_runs(slack: LocalSlack) -> None:
    """A second Socket Mode connection would be given events that the bot waits for."""
    await examine(**settings_of(slack))
    assert slack.log.find(kind="socket") == []


@pytest.mark.usefixtures("home")
async def test_missing_scopes_are_named(slack: LocalSlack) -> None:
    slack.office.app = replace(AS_INSTALLED, scopes=AS_INSTALLED.scopes - {"usergroups:read", "users:read"})
    found = (await examine(**settings_of(slack)))["scopes"]
    assert (found.state, found.says) == (State.BROKEN, "missing: usergroups:read, users:read")
    assert "install the app again" in found.fix


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("variable", "token", "says"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-wrong", "slack refuses it (invalid_auth)"),
        ("SLACK_APP_TOKEN", "xapp-wrong", "slack refuses it (invalid_auth)"),
        ("SLACK_BOT_TOKEN", "xoxp-1-user", "does not begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-local-0001", "does not begin with xapp-"),
        ("SLACK_BOT_TOKEN", "", "is not set"),
        ("SLACK_APP_TOKEN", "", "is not set"),
    ],
)
async def test_a_wrong_token_is_named(slack: LocalSlack, variable: str, token: str, says: str) -> None:
    found = (await examine(**settings_of(slack, **{variable: token})))[variable]
    assert (found.state, found.says) == (State.BROKEN, says)
    assert "api.slack.com/apps" in found.fix
    assert not token or token not in found.line()


@pytest.mark.usefixtures("home")
async def test_a_slack_that_does_not_answer_is_told_from_a_wrong_token(slack: LocalSlack) -> None:
    slack.faults.add(FaultKind.DROP_BEFORE, "auth.test")
    found = (await examine(**settings_of(slack)))["SLACK_BOT_TOKEN"]
    assert found.state is State.BROKEN
    assert found.says.startswith(f"cannot reach {slack.api_url}")


@pytest.mark.usefixtures("home")
async def test_every_source_of_the_groups_file_is_asked(slack: LocalSlack, tmp_path: Path) -> None:
    """One that answers, one that names a stranger, one that is broken, one that names nobody; and a group too many."""
    file = tmp_path / "groups.yaml"
    file.write_text(
        "sources:\n"
        "  leads: {list: [U0SAM, dana@acme.example]}\n"
        "  old: {list: [left@acme.example]}\n"
        "  nobody: {slack: no-such-group}\n"
        "  rota: {rota: rota.yaml}\n"
        "groups: {sre-leads: leads, pilots: {any_of: [old, nobody, rota]}}\n"
    )
    found = await examine(**settings_of(slack, groups_file=file))
    states = {check: finding.state for check, finding in found.items() if check.startswith("source")}
    assert states == {
        "source leads": State.OK,
        "source old": State.OPEN,
        "source nobody": State.OPEN,
        "source rota": State.BROKEN,
    }
    assert found["source leads"].says == "names U0DANA, U0SAM now"
    printed = Redactor.default().text(found["source old"].line()).text
    assert "le… at acme.example, who is no active member" in printed  # as people see it: whole addresses are masked
    assert "cannot read" in found["source rota"].says and "rota.yaml" in found["source rota"].says
    assert "no rule can ask @pilots" in found["groups"].says


@pytest.mark.usefixtures("home")
async def test_a_groups_file_that_cannot_be_used_is_broken(slack: LocalSlack, tmp_path: Path) -> None:
    file = tmp_path / "groups.yaml"
    file.write_text("sources: {x: {opsgenie: {schedule: x, token_env: NO_SUCH_TOKEN}}}\ngroups: {sre: x}")
    found = (await examine(**settings_of(slack, groups_file=file)))["groups"]
    assert found.state is State.BROKEN
    assert "'NO_SUCH_TOKEN', which is not set" in found.says


async def test_looking_at_a_database_that_is_not_there_makes_none(home: Path) -> None:
    found = (await examine())["database"]
    assert found.state is State.OK
    assert "will be made at the first start" in found.says
    assert not home.exists()  # noqa: ASYNC240 - one stat


@pytest.mark.usefixtures("home")
async def test_an_empty_postgres_wants_to_be_migrated(postgres_url: str) -> None:
    found = (await examine(database_url=postgres_url))["database"]
    assert (found.state, found.fix) == (State.BROKEN, "run 'autopilot migrate'")


@pytest.mark.usefixtures("home")
async def test_a_role_above_row_security_is_told_of(owned_postgres_url: str, postgres_url: str) -> None:
    """Tenants are then kept apart by the bot's queries alone."""
    db = Database(owned_postgres_url)
    await migrate(db)
    await db.close()
    assert (await examine(database_url=owned_postgres_url))["database"].state is State.OK
    above = Database(postgres_url)
    await migrate(above)
    await above.close()
    found = (await examine(database_url=postgres_url))["database"]
    assert found.state is State.OPEN
    assert "row-level security" in found.says


@pytest.mark.usefixtures("home")
async def test_a_service_that_is_down_does_not_stop_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tools are there all the same."""
    monkeypatch.setenv("SHOP_TOKEN", "made-up")
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        monkeypatch.setenv("SHOP_URL", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert (await examine())["service shop"].state is State.OK
    found = await examine()
    assert (found["tools"].state, found["service shop"].state) == (State.OK, State.OPEN)


@pytest.mark.usefixtures("home")
async def test_tools_without_their_token_are_broken_and_the_policy_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", "http://127.0.0.1:1")
    found = await examine()
    assert found["tools"].state is State.BROKEN
    assert "'SHOP_TOKEN' is not set" in found["tools"].says
    assert found["policy"].state is State.OPEN


@pytest.mark.usefixtures("home")
async def test_a_model_is_asked_one_tiny_question() -> None:
    async with serving() as server:
        server.will_reply(openai_sse.text("ok"), openai_sse.finish("stop"), openai_sse.DONE)
        found = await examine(model="openai/local", model_api_base=f"{server.url}/v1", model_api_key="sk-none")
    assert (found["model"].state, len(server.received)) == (State.OK, 1)


@pytest.mark.usefixtures("home")
async def test_a_model_without_a_key_is_broken() -> None:
    assert (await examine(model="openai/local"))["model"].state is State.BROKEN


@pytest.mark.usefixtures("home")
async def test_a_port_of_somebody_else_is_broken() -> None:
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = (await examine(console_port=port))["console"]
    assert (found.state, found.says) == (State.BROKEN, f"port {port} is in use")


def test_the_exit_code_says_whether_run_can_work(spawn: Spawn) -> None:
    done = spawn("doctor")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "2 to mend before 'autopilot run'"
    assert done.stderr == ""


def test_json_holds_the_same_findings(cli: Cli) -> None:
    done = cli("doctor", "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["ok"]) == (1, False)
    broken = {check["check"] for check in report["checks"] if check["state"] == "broken"}
    assert broken == {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"}


@pytest.mark.usefixtures("home")
async def test_an_app_for_many_workspaces_is_told_what_it_lacks(slack: LocalSlack) -> None:
    many = {"SLACK_CLIENT_ID": "100.200", "SLACK_APP_TOKEN": slack.app_token, "slack_api_url": slack.api_url}
    found = await examine(**many)
    lacking = {check for check, finding in found.items() if finding.state is State.BROKEN}
    assert {"SLACK_CLIENT_SECRET", "AUTOPILOT_SLACK_WORKSPACES", "AUTOPILOT_TOKEN_KEYS"} <= lacking
    both = await examine(**many, SLACK_BOT_TOKEN=slack.bot_token)
    assert both["SLACK_CLIENT_ID"].state is State.BROKEN
    ready = await examine(**many, SLACK_CLIENT_SECRET="s", slack_workspaces="T0ACME", token_keys=new_key())
    assert not {
        check for check in ready if check.startswith(("SLACK", "AUTOPILOT")) and ready[check].state is State.BROKEN
    }


@pytest.mark.usefixtures("home")
async def test_what_holds_the_programs_of_tools_is_said(
    slack: LocalSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held here; refused on a machine that cannot; and said where somebody accepted it."""
    shell = tmp_path / "x.yaml"
    shell.write_text("shell: {name: x, owner: o}\ntools: []\n")
    open_to_all = tmp_path / "y.yaml"
    open_to_all.write_text("mcp: {name: y, owner: o, command: [y], files: host, network: host}\ntools: []\n")
    (tmp_path / "y.lock.json").write_text('{"server": "y", "tools": {}}')
    found = await examine(**settings_of(slack, manifests=(shell, open_to_all)))
    assert found["commands x.yaml: files"].state is State.OK
    assert "the bot's own among them" in found["server y.yaml: files"].says
    monkeypatch.setattr(confined_sources, "cannot_hide_files", lambda: "no Landlock here")
    held = (await examine(**settings_of(slack, manifests=(shell,))))["commands x.yaml: files"]
    assert held.state is State.BROKEN
    assert "no Landlock here" in held.says and "`files: host`" in str(held)
