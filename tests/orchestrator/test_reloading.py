"""Policy files that change while the bot runs: all or nothing, on the record, and a wrong file is said once."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.orchestrator.reloading import Reloader
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from storage import tasks
from storage.records import PostKind
from tests.builders import a_new_task
from tests.orchestrator.office import Office
from tests.orchestrator.test_halt import record_of, said_in
from tests.tools.asking import ask
from tests.tools.conftest import GROUPS
from tools.outcomes import Denied, Waiting
from tools.rules import Rules

NOBODY_SETS = """
@id("deny-lab-set")
@hint("the lab is closed")
forbid (principal, action == Action::"lab.set", resource);
"""
CASE = """
  - case: the lab is closed
    call: {tool: lab.set, tier: reversible, params: {thing: x, value: 1}}
    expect: deny
    rules: [deny-lab-set]
"""
DEEP = f'@id("deep") forbid (principal, action, resource) when {{ {"(" * 900}true{")" * 900} }};'
"""what ends a process without an exception"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DEFAULT_RULES, tmp_path / "rules")
    shutil.copy(DEFAULT_RULES.parent / "autonomy.yaml", tmp_path / "rules" / "autonomy.yaml")
    return tmp_path / "rules"


def reloader(office: Office, folder: Path) -> Reloader:
    def load() -> Rules:
        engine = PolicyEngine.load(folder, office.lab.registry().actions(), GROUPS)
        return replace(office.rules, engine=engine, autonomy=AutonomyTable.load(folder / "autonomy.yaml"))

    return Reloader(
        db=office.db, gateway=office.gateway, load=load, files=lambda: sorted(folder.iterdir()), channel="C0OPS"
    )


async def test_new_rules_decide_without_a_restart(office: Office, folder: Path) -> None:
    async with office.db.write() as tx:
        task = await tasks.create(tx, a_new_task())
    assert isinstance(await ask(office.gateway, task), Waiting)
    watching, second = reloader(office, folder), reloader(office, folder)
    assert not await watching.once()
    (folder / "lab.cedar").write_text(NOBODY_SETS)
    with (folder / "cases.yaml").open("a") as cases:
        cases.write(CASE)
    assert not await watching.once(), "a file that has just changed may still be written"
    assert await watching.once() and not await watching.once()
    outcome = await ask(office.gateway, task, call_id="c2")
    assert isinstance(outcome, Denied) and outcome.because == ("deny-lab-set",)
    await second.once()
    assert await second.once()  # a replica loads for itself; it is on the record once
    [entry] = await record_of(office, "ops.policy.reloaded")
    assert office.gateway.rules.engine.version in entry.body


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("lab.cedar", "forbid (principal, action", "lab.cedar:1: "),
        ("lab.cedar", NOBODY_SETS, "fires in no decision case"),
        (
            "lab.cedar",
            f'@id("deep") forbid (principal, action, resource) when {{ {"(" * 900}true{")" * 900} }};',
            ":1: ",
        ),
        (
            "autonomy.yaml",
            "default: 1\nlines:\n  - {tol: x, level: 2}\n",
            "autonomy.yaml:3: lines[0].tol: no such setting",
        ),
        ("cases.yaml", "cases: []", "cases.yaml"),
    ],
)
async def test_a_wrong_file_changes_nothing_and_is_said_once(
    office: Office, folder: Path, file: str, text: str, says: str
) -> None:
    async with office.db.write() as tx:
        task = await tasks.create(tx, a_new_task())
    await ask(office.gateway, task)  # a workspace with a record
    before, watching = office.gateway.rules, reloader(office, folder)
    (folder / file).write_text(text)
    for _ in range(4):
        assert not await watching.once()
    assert office.gateway.rules is before
    [entry] = await record_of(office, "ops.policy.reload_refused")
    assert says in entry.body
    [said] = [words for words in await said_in(office, PostKind.NOTICE) if "policy files" in words]
    assert says in said and "go on deciding" in said
