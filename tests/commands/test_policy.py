"""The rules from the command line: checked, tried case by case, and one decision explained."""

import asyncio
from pathlib import Path

import pytest

from bot import settings
from policy.cedar import DEFAULT_RULES
from storage import audit, channels
from storage.db import Database
from tests import migrated
from tests.commands.conftest import Cli

OFF = ("--tool", "shop.set_flag", "--arg", "name=new-checkout", "--arg", "on=false", "--arg", "percent=0")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the shipped rules, to be changed by a test."""
    folder = tmp_path / "rules"
    folder.mkdir()
    for file in DEFAULT_RULES.iterdir():
        (folder / file.name).write_text(file.read_text())
    return folder


def test_the_shipped_rules_load(cli: Cli) -> None:
    done = cli("policy", "check")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"✓ {DEFAULT_RULES}: the rules load")


def test_a_path_that_is_set_to_nothing_is_not_set(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files and shells set them so; it must not mean the folder the bot was started in."""
    monkeypatch.setenv("AUTOPILOT_POLICY_DIR", "")
    monkeypatch.setenv("AUTOPILOT_HALT_GROUPS", "")
    assert settings.read().halt_groups == (), "nobody stays nobody"
    assert cli("policy", "check").stdout.startswith(f"✓ {DEFAULT_RULES}: the rules load")


def test_every_case_is_tried_even_when_one_fails(cli: Cli, rules: Path) -> None:
    cases = rules / "cases.yaml"
    cases.write_text(cases.read_text().replace("expect: allow, rules: [grant-read]}", "expect: deny}", 1))
    done = cli("policy", "test", str(rules))
    assert done.exit_code == 1
    wrong = [line for line in done.stdout.splitlines() if line.startswith("✗")]
    assert len(wrong) == 1
    [number] = [n for n, line in enumerate(cases.read_text().splitlines(), 1) if "anyone may look at prod" in line]
    assert f"{cases}:{number}: " in wrong[0]
    assert "case 'anyone may look at prod' expects deny by any rule but gets allow by grant-read" in wrong[0]
    assert done.stdout.count("✓") > 60


def test_a_rule_without_a_case_is_named(cli: Cli, rules: Path) -> None:
    (rules / "more.cedar").write_text(
        '@id("never")\nforbid (principal, action in Action::"WRITE", resource)\nwhen { context.call.risk > 100 };\n'
    )
    done = cli("policy", "test", str(rules), "--only-failures")
    assert done.exit_code == 1
    assert f"✗ {rules / 'more.cedar'}:1: rule 'never' fires in no case" in done.stdout


@pytest.mark.parametrize(
    ("facts", "decision", "rule"),
    [
        (("--env", "prod"), "it would ask people: 1 of @operators", "approve-reversible-prod ("),
        (("--env", "dev", "--autonomy", "2"), "it would run alone", "permitted by grant-write ("),
        (("--autonomy", "0"), "it would be denied: this action is at level 0 here", "denied by deny-observe-only ("),
        (("--blast", "40"), "it would ask people: 1 of @operators and 2 of @sre", "approve-risky ("),
        (("--reason-code", "BOREDOM"), "it would be denied: give a reason code", "denied by builtin:reason-code"),
        (("--undo",), "it would be denied: ask one of operators", "denied by deny-undo-by-outsider ("),
        (("--undo", "--requester-group", "sre"), "it would run alone", "permitted by grant-undo ("),
    ],
)
def test_a_decision_is_explained(cli: Cli, facts: tuple[str, ...], decision: str, rule: str) -> None:
    """By the code that decides in earnest, with the place of each rule."""
    done = cli("policy", "explain", *OFF, *facts)
    assert done.exit_code == 0, done.output
    assert decision in done.stdout
    assert rule in done.stdout


def test_an_explanation_knows_freezes_budgets_and_the_channels_level(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "autonomy.yaml"
    table.write_text(
        "default: 1\ncaps: {prod: 2}\n"
        "lines: [{tier: reversible, level: 2}]\n"
        "freezes: [{name: sale, tz: UTC, from: '2030-01-01', to: '2030-02-01'}]\n"
        "budgets: [{per: day, changes: 5}]\n"
    )
    monkeypatch.setenv("AUTOPILOT_AUTONOMY_FILE", str(table))
    done = cli("policy", "explain", *OFF, "--at", "2030-01-15")
    assert done.exit_code == 0 and "change freeze 'sale'" in done.stdout, done.output
    assert "budget of 5 changes a day: 0 used, this takes 1" in done.stdout
    assert "level 2" in done.stdout and "without the bot's record: there is no database" in done.stdout

    async def make() -> None:
        db = Database(f"sqlite:///{migrated.copy_to(home / 'autopilot.db')}")
        async with db.write() as tx:
            await audit.append(tx, "T1", "ops.test")
            await channels.put(tx, "T1", "C1", channels.ChannelSettings(autonomy=1), by="U1")
        await db.close()

    asyncio.run(make())
    done = cli("policy", "explain", *OFF, "--channel", "C1", "--at", "2030-03-01")
    assert "level 1" in done.stdout and "channel C1: level 1 at most" in done.stdout, done.output
    assert "by the record of T1: 0 changes in a day" in done.stdout and "freeze" not in done.stdout
    assert cli("policy", "explain", *OFF, "--tenant", "T2").exit_code != 0


def test_arguments_that_do_not_fit_are_wrong_usage(cli: Cli) -> None:
    done = cli("policy", "explain", "--tool", "shop.set_flag", "--arg", "name=new-checkout")
    assert done.exit_code == 2
    assert "on: field required" in done.stderr
    assert cli("policy", "explain", "--tool", "shop.set_flag", "--arg", "name").exit_code == 2


def test_two_folders_are_compared_by_rule_and_by_case(cli: Cli, rules: Path) -> None:
    same = cli("policy", "diff", str(DEFAULT_RULES), str(rules))
    assert same.exit_code == 0 and "the same decision in every case" in same.stdout
    reads = rules / "reads.cedar"
    reads.write_text(reads.read_text().replace("permit (", "forbid (", 1))
    (rules / "more.cedar").write_text(
        '@id("never")\nforbid (principal, action in Action::"WRITE", resource)\nwhen { context.call.risk > 100 };\n'
    )
    done = cli("policy", "diff", str(DEFAULT_RULES), str(rules))
    assert done.exit_code == 1
    assert "+ forbid never (" in done.stdout and "~ forbid grant-read (" in done.stdout
    assert "! anyone may look at prod: was allow by grant-read, is deny by grant-read" in done.stdout


def test_a_span_of_time_that_is_none_is_wrong_usage(cli: Cli, rules: Path) -> None:
    assert cli("policy", "simulate", str(rules), "--since", "a month").exit_code == 2


def test_redaction_is_measured(cli: Cli) -> None:
    done = cli("policy", "redaction", "--documents", "200")
    assert done.exit_code == 0, done.output
    assert "100 of 100 planted secrets hidden" in done.stdout
