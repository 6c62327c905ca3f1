"""`autopilot erase`: what it asks, and that whoever checks the record still can."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from storage import audit
from storage.db import Database
from tests.builders import TENANT
from tests.commands.conftest import Cli
from tests.commands.test_audit_signed import Verify, key, verify, write

__all__ = ["key", "verify"]


def test_an_erased_task_is_still_proven_and_says_what_is_gone(
    cli: Cli, home: Path, key: str, verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole record, the stand-alone verifier and a pack: all hold, and none shows what was erased."""
    task, marks = write(home), tmp_path / "marks.txt"
    monkeypatch.setenv("AUTOPILOT_AUDIT_PUBLISH", f"file:{marks}")
    assert cli("audit", "checkpoint").exit_code == 0
    end(home, task)
    erased = cli("erase", "task", task, "--reason", "request 7", "--yes")
    assert erased.exit_code == 0 and "3  entries" in erased.output, erased.output
    assert "3 of them erased" in cli("audit", "verify").output
    record, pack = tmp_path / "record.jsonl", tmp_path / "pack"
    assert cli("audit", "export", "--out", str(record)).exit_code == 0
    done = verify(record, "--checkpoints", marks, "--key", key.split()[1])
    assert done.returncode == 0 and "checkpoint 44 of key" in done.stdout and "3 of them erased" in done.stdout
    assert cli("audit", "export", "--task", task, "--out", str(pack)).exit_code == 0
    done = verify(pack, "--key", key.split()[1])
    assert done.returncode == 0, done.stdout
    assert "4 of 4 entries" in done.stdout and "3 of them were erased since" in done.stdout
    assert [one["why"] for one in json.loads((pack / "gone.json").read_text())] == ["(erased)", "erased on request"]
    assert not list(pack.glob("evidence/*"))
    lines = record.read_text().splitlines()
    record.write_text("\n".join(lines[:-1]))
    assert "was emptied, and not by an order on the record" in verify(record).stdout
    forged = [line.replace("erased:", "erased:0") for line in lines]
    record.write_text("\n".join(forged))
    assert "was changed after it was written" in verify(record).stdout


async def come_back(home: Path, person: str) -> None:
    """They write to the bot again."""
    db = Database(f"sqlite+aiosqlite:///{home / 'autopilot.db'}")
    async with db.write() as tx:
        await audit.append(tx, TENANT, "ops.agent_task.created", body={"requester": person})
    await db.close()


def end(home: Path, task: str) -> None:
    """What the worker does at the end."""
    with sqlite3.connect(home / "autopilot.db") as db:
        db.execute("update tasks set state = 'completed', finished_at = 1 where id = ?", (task,))
        db.execute("update proposals set state = 'ran'")


def test_erasing_asks_first_and_tells_what_is_wrong(cli: Cli, home: Path) -> None:
    task = write(home)
    assert "still open are t_" in str(cli("erase", "task", task, "--reason", "r", "--yes").exception)
    end(home, task)
    assert cli("erase", "task", task, "--reason", " ").exit_code == 2
    assert cli("erase", "person", "U-1%", "--reason", "r").exit_code == 2
    refused = CliRunner().invoke(app, ["erase", "task", task, "--reason", "r"], input="no\n")
    assert refused.exit_code == 1 and "cannot be taken back" in refused.output
    assert "erased" not in cli("audit", "verify").output
    assert "no task 't_none' here" in str(cli("erase", "task", "t_none", "--reason", "r", "--yes").exception)


def test_what_was_erased_is_erased_again_from_an_older_copy(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a person, who is nowhere in the list; and whoever came back since is left alone."""
    task, kept, database = write(home), tmp_path / "erasures.jsonl", home / "autopilot.db"
    end(home, task)
    with sqlite3.connect(database) as db:
        db.execute("pragma wal_checkpoint(truncate)")
        [person] = db.execute("select requester from tasks where id = ?", (task,)).fetchone()
    older = database.read_bytes()
    monkeypatch.setenv("AUTOPILOT_ERASURES_FILE", str(kept / "not-there"))
    refused = cli("erase", "task", task, "--reason", "r", "--yes")
    assert "cannot be written" in str(refused.exception) and "nothing was erased" in str(refused.exception)
    monkeypatch.setenv("AUTOPILOT_ERASURES_FILE", str(kept))
    assert cli("erase", "person", person, "--reason", "request 7", "--yes").exit_code == 0
    assert person not in kept.read_text()
    assert "nothing that was erased is in this database" in cli("erase", "replay").output
    for beside in home.glob("autopilot.db-*"):
        beside.unlink()
    database.write_bytes(older)
    assert person.encode() in database.read_bytes()
    again = cli("erase", "replay")
    assert "erased again: a person" in again.output, again.output
    assert person.encode() not in database.read_bytes()
    assert "of them erased" in cli("audit", "verify").output
    assert "nothing that was erased is in this database" in cli("erase", "replay").output
    asyncio.run(come_back(home, person))
    assert "nothing that was erased is in this database" in cli("erase", "replay").output
    kept.write_text(kept.read_text() + "oops\n")
    assert "line 3 of" in str(cli("erase", "replay").exception)
