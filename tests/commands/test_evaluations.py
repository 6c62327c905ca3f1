"""`autopilot evaluations`: the cases in the bot's own database, listed and exported."""

import asyncio
import json
from pathlib import Path

import pytest

from storage import evaluations, tasks
from storage.db import Database
from storage.evaluations import EvaluationKind
from tests import migrated
from tests.builders import a_new_task
from tests.commands.conftest import Cli


@pytest.fixture
def kept(home: Path) -> None:
    async def keep() -> None:
        db = Database(f"sqlite+aiosqlite:///{migrated.copy_to(home / 'autopilot.db')}")
        try:
            async with db.write() as tx:
                for number in range(3):
                    task = await tasks.create(tx, a_new_task())
                    await evaluations.keep(
                        tx,
                        task,
                        kind=EvaluationKind.REJECTED,
                        subject=f"p{number}",
                        request="why is checkout failing?",
                        proposed={"tool": "shop.set_flag", "says": f"Turn flag {number} off"},
                        feedback=f"not now \x1b[31m{number}",
                        by="U0DANA",
                    )
        finally:
            await db.close()

    asyncio.run(keep())


def test_cases_are_listed(cli: Cli, kept: None) -> None:
    result = cli("evaluations", "list", "--limit", "2")
    assert result.exit_code == 0 and "2 cases" in result.output
    assert "Turn flag 2 off" in result.output and "Turn flag 0 off" not in result.output
    assert "\x1b" not in result.output


def test_cases_are_exported_as_json_lines(cli: Cli, kept: None, tmp_path: Path) -> None:
    out = tmp_path / "cases.jsonl"
    assert cli("evaluations", "export", "--out", str(out)).exit_code == 0
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [case["feedback"][-1] for case in found] == ["0", "1", "2"]
    assert {"request", "proposed", "feedback", "agent", "agent_version", "kind", "at", "by"} <= found[0].keys()
    assert "0 cases" in cli("evaluations", "export", "--out", str(out), "--kind", "kept").output
    assert cli("evaluations", "export", "--out", str(out), "--kind", "good").exit_code == 2
    assert cli("evaluations", "export", "--out", str(out), "--tenant", "T0OTHER").exit_code == 0
    assert out.read_text(encoding="utf-8") == ""
