"""The record, from the database and from an export: what is broken is named, in whatever way it was broken."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import audit
from storage.db import Database
from storage.migrate import migrate
from tests.commands.conftest import Cli

Change = Callable[[list[str]], list[str]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A record of 2,500 entries in one workspace and 2 in another, written once; SEQ:HASH of each last link."""
    file = tmp_path_factory.mktemp("record") / "autopilot.db"

    async def write() -> dict[str, str]:
        db = Database(f"sqlite:///{file}")
        try:
            await migrate(db)
            async with db.write() as tx:
                for number in range(2500):
                    await audit.append(tx, "T1", "ops.test", task_id=f"t{number % 3}", body={"number": number})
                for number in range(2):
                    await audit.append(tx, "T2", "ops.test", body={"says": "\x1b[31mred\u202e", "number": number})
            async with db.read() as tx:
                return {tenant: f"{seq}:{hashed}" for tenant, seq, hashed in await audit.tenants(tx)}
        finally:
            await db.close()

    return file, asyncio.run(write())


@pytest.fixture
def heads(home: Path, written: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """A copy of that record in the home of this test."""
    file, heads = written
    home.mkdir()
    shutil.copy(file, home)
    return heads


@pytest.fixture
def exported(cli: Cli, heads: dict[str, str], tmp_path: Path) -> Path:
    file = tmp_path / "record.jsonl"
    assert cli("audit", "export", "--out", str(file), "--tenant", "T1").exit_code == 0
    return file


def tamper(home: Path, statement: str) -> None:
    """Change the file as somebody who owns it can, past the triggers that refuse it."""
    raw = sqlite3.connect(home / "autopilot.db")
    with raw:
        for (name,) in raw.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            raw.execute(f"drop trigger {name}")
        raw.execute(statement)
    raw.close()


def test_a_whole_record_verifies_and_tells_its_heads(cli: Cli, heads: dict[str, str]) -> None:
    done = cli("audit", "verify")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"T1: 2500 entries checked; head {heads['T1']}",
        f"T2: 2 entries checked; head {heads['T2']}",
        "✓ every link holds",
    ]


@pytest.mark.usefixtures("heads")
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("update audit set body = '{}' where tenant = 'T1' and seq = 1203", "✗ T1: entry 1203 (ops.test) was changed"),
        ("update audit set at = at + 1 where tenant = 'T1' and seq = 7", "✗ T1: entry 7 (ops.test) was changed"),
        ("delete from audit where tenant = 'T1' and seq = 1001", "✗ T1: entry 1001 is missing: 1002 follows 1000"),
        ("delete from audit where tenant = 'T1' and seq > 2490", "✗ T1: entries 2491 to 2500 are missing"),
        ("delete from audit where tenant = 'T2'", "✗ T2: entries 1 to 2 are missing"),
    ],
)
def test_a_changed_database_is_named(cli: Cli, home: Path, statement: str, named: str) -> None:
    """Whoever can write to the database cannot do it unseen."""
    tamper(home, statement)
    done = cli("audit", "verify")
    assert done.exit_code == 1
    assert named in done.stdout
    assert "every link holds" not in done.stdout


def test_a_tail_cut_together_with_its_head_shows_against_a_published_link(
    cli: Cli, home: Path, heads: dict[str, str]
) -> None:
    """The one change that a chain cannot show by itself."""
    tamper(home, "delete from audit where tenant = 'T2' and seq = 2")
    tamper(
        home,
        "update audit_heads set seq = 1, hash = (select hash from audit where tenant = 'T2' and seq = 1)"
        " where tenant = 'T2'",
    )
    assert cli("audit", "verify", "--tenant", "T2").exit_code == 0
    done = cli("audit", "verify", "--tenant", "T2", "--head", heads["T2"])
    assert done.exit_code == 1
    assert "✗ T2: entry 2 is missing: the tail was cut" in done.stdout


def test_verifying_goes_on_from_a_published_link(cli: Cli, heads: dict[str, str]) -> None:
    first, last = cli("audit", "verify", "--tenant", "T2", "--after", heads["T2"]), heads["T2"]
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, f"T2: 0 entries checked; head {last}")
    wrong = cli("audit", "verify", "--tenant", "T2", "--after", f"1:{'0' * 64}")
    assert wrong.exit_code == 1
    assert "✗ T2: entry 2 does not link to entry 1" in wrong.stdout


def test_a_published_link_needs_its_workspace(cli: Cli, heads: dict[str, str]) -> None:
    done = cli("audit", "verify", "--head", heads["T1"])
    assert done.exit_code == 1
    assert "name it with --tenant" in done.stdout


def test_a_link_that_is_none_is_wrong_usage(cli: Cli) -> None:
    assert cli("audit", "verify", "--head", "12:abc").exit_code == 2


def test_an_export_verifies_without_a_database(
    cli: Cli, exported: Path, heads: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUTOPILOT_HOME", str(tmp_path / "elsewhere"))
    done = cli("audit", "verify", "--export", str(exported), "--head", heads["T1"])
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [f"T1: 2500 entries checked; head {heads['T1']}", "✓ every link holds"],
    )


def _edit(line: str) -> str:
    return json.dumps({**json.loads(line), "body": "{}"})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda lines: [*lines[:9], _edit(lines[9]), *lines[10:]], "✗ T1: entry 10 (ops.test) was changed"),
        (lambda lines: [*lines[:9], *lines[10:]], "✗ T1: entry 10 is missing: 11 follows 9"),
        (lambda lines: [*lines[:9], lines[10], lines[9], *lines[11:]], "✗ T1: entry 10 is missing: 11 follows 9"),
        (lambda lines: [*lines[:10], lines[9], *lines[10:]], "✗ T1: entry 11 is missing: 10 follows 10"),
        (lambda lines: lines[:-3], "✗ T1: entries 2498 to 2500 are missing: the tail was cut"),
        (lambda lines: lines[3:], "✗ T1: entry 1 is missing: 4 follows 0"),
        (lambda lines: [], "✗ there is no entry at all"),
        (lambda lines: [*lines[:9], lines[9][:40], *lines[10:]], "✗ line 10 is no audit entry"),
        (lambda lines: [*lines, '{"seq": 2501}'], "✗ line 2501 is no audit entry"),
    ],
    ids=["edited", "dropped", "reordered", "doubled", "tail", "front", "emptied", "half a line", "forged"],
)
def test_a_changed_export_is_named(cli: Cli, exported: Path, heads: dict[str, str], change: Change, named: str) -> None:
    lines = exported.read_text().splitlines()
    exported.write_text("".join(f"{line}\n" for line in change(lines)))
    done = cli("audit", "verify", "--export", str(exported), "--head", heads["T1"])
    assert done.exit_code == 1
    assert named in done.stdout


def test_equal_records_are_equal_files(cli: Cli, exported: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    cli("audit", "export", "--out", str(again), "--tenant", "T1")
    assert again.read_bytes() == exported.read_bytes()
    assert exported.read_bytes().count(b"\n") == 2500


@pytest.mark.usefixtures("heads")
def test_showing_obeys_no_escape_sequence(cli: Cli) -> None:
    """Bodies hold words of strangers; JSON hides controls, but not the marks that turn text around."""
    done = cli("audit", "show", "--tenant", "T2")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 3
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


@pytest.mark.usefixtures("heads")
def test_one_task_is_shown(cli: Cli) -> None:
    done = cli("audit", "show", "--task", "t1", "--limit", "2")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["workspace", "2", "5"]
