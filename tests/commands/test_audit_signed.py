"""Signed checkpoints, evidence packs, and the one file that checks both anywhere."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import audit, evidence, intents, proposals, tasks
from storage.canonical import canonical, digest
from storage.db import Database
from storage.records import JsonObject, NewIntent
from tests import migrated
from tests.builders import TENANT, a_new_task
from tests.commands.conftest import Cli

Verify = Callable[..., subprocess.CompletedProcess[str]]


def write(home: Path, *, more: int = 40) -> str:
    """A record with one task among others; the task's id."""

    async def work() -> str:
        db = Database(f"sqlite+aiosqlite:///{migrated.copy_to(home / 'autopilot.db')}")
        try:
            async with db.write() as tx:
                task = await tasks.create(tx, a_new_task())
                for number in range(more):
                    await audit.append(tx, TENANT, "ops.test", task_id="other", body={"secret of others": number})
                sealed = canonical({"tool": "shop.set_flag", "on": False})
                await proposals.create(
                    tx,
                    proposal_id=digest(sealed),
                    tenant=TENANT,
                    task_id=task.id,
                    call_id="c1",
                    sealed=sealed,
                    tool="shop.set_flag",
                    expires_at=2e9,
                )
                await proposals.vote(tx, tenant=TENANT, proposal_id=digest(sealed), voter="U0DANA", approve=True)
                kept = await evidence.keep(
                    tx, tenant=TENANT, task_id=task.id, tool="shop.set_flag", label="off", content={"on": False}
                )
                await intents.begin(tx, _intent(task.id))
                said: list[JsonObject] = [{"proposal": digest(sealed)}, {"by": ["U0DANA"]}, {"evidence": kept}]
                for body in said:
                    await audit.append(tx, TENANT, "ops.agent_task.step", task_id=task.id, body=body)
                await audit.append(tx, TENANT, "ops.test", task_id="other", body={"secret of others": "last"})
                return task.id
        finally:
            await db.close()

    return asyncio.run(work())


def _intent(task_id: str) -> NewIntent:
    words = dict.fromkeys(
        ("invoked_by", "skill", "tool", "tool_version", "tier", "reason_code", "idempotency_key", "correlation_id"), "x"
    )
    versions = {"agent_version": "a1", "policy_version": "p1"}
    lists = {"approved_by": ["U0DANA"], "rules": ["r"], "input": {"on": False}}
    return NewIntent(key="k", tenant=TENANT, task_id=task_id, dry_run=False, **words, **versions, **lists)  # type: ignore[arg-type]


@pytest.fixture
def verify(cli: Cli, tmp_path: Path) -> Verify:
    """The printed verifier, run alone: none of our packages can be imported from where it lies."""
    file = tmp_path / "elsewhere" / "verify.py"
    file.parent.mkdir()
    file.write_text(cli("audit", "verifier").output, encoding="utf-8")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-X", "utf8", str(file), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=file.parent, timeout=120, check=False)

    return run


@pytest.fixture
def key(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The public line of the configured key."""
    file = tmp_path / "audit.key"
    line = cli("audit", "key", "--new", str(file)).output.strip()
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("AUTOPILOT_AUDIT_KEY_FILE", str(file))
    assert cli("audit", "key").output.strip() == line
    return line


@pytest.fixture
def published(cli: Cli, home: Path, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record, exported, and its checkpoints in a file."""
    write(home)
    marks = tmp_path / "marks.txt"
    monkeypatch.setenv("AUTOPILOT_AUDIT_PUBLISH", f"file:{marks},dir:{tmp_path / 'bucket'},slack:C0AUDIT")
    done = cli("audit", "checkpoint")
    assert done.exit_code == 0, done.output
    assert cli("audit", "export", "--out", str(tmp_path / "record.jsonl")).exit_code == 0
    return marks


def test_a_whole_record_holds_against_what_was_published_in_each_place(
    cli: Cli, home: Path, published: Path, verify: Verify, key: str, tmp_path: Path
) -> None:
    with sqlite3.connect(home / "autopilot.db") as db:
        [body] = [row[0] for row in db.execute("select body from posts where kind = 'notice'")]
    slack = tmp_path / "copied-from-slack.txt"
    slack.write_text(json.loads(body)["text"], encoding="utf-8")
    for marks in (published, tmp_path / "bucket", slack):
        done = verify(tmp_path / "record.jsonl", "--checkpoints", marks, "--key", key.split()[1])
        assert done.returncode == 0 and "checkpoint 44 of key" in done.stdout, done.stdout + done.stderr
    for where in ([], ["--export", str(tmp_path / "record.jsonl")]):
        assert cli("audit", "verify", *where, "--checkpoints", str(published), "--key", key).exit_code == 0
    assert cli("audit", "checkpoint").output.strip() == "nothing came since the last checkpoint"
    assert len(published.read_text().splitlines()) == 1


def _cut(lines: list[str]) -> list[str]:
    return lines[:-3]


def _rewritten(lines: list[str]) -> list[str]:
    """Somebody who can write to the database makes a chain of their own that links perfectly."""
    from storage.erased import linked_over
    from storage.hashchain import link_hash

    prev, out = "0" * 64, []
    for line in lines:
        entry = {**json.loads(line), "prev": prev}
        entry["body"] = entry["body"].replace("U0DANA", "U0MALLORY")
        said = {name: value for name, value in entry.items() if name not in ("hash", "salt")}
        prev = entry["hash"] = link_hash(**{**said, "body": linked_over(entry["body"], entry["salt"])})
        out.append(json.dumps(entry, ensure_ascii=False))
    return out


def _swapped(lines: list[str]) -> list[str]:
    return [*lines[:4], lines[5], lines[4], *lines[6:]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_cut, "entries 42 to 44 are missing: the tail was cut"),
        (_rewritten, "entry 44 is not the one that was published"),
        (_swapped, "entry 5 is missing: 6 follows 4"),
        (lambda lines: [*lines[:6], *lines[7:]], "entry 7 is missing: 8 follows 6"),
        (
            lambda lines: [*lines[:6], lines[6].replace("others", "nobody"), *lines[7:]],
            "entry 7 (ops.test) was changed",
        ),
        (lambda lines: [*lines[:6], "{}", *lines[6:]], "is no audit entry"),
        (lambda lines: [*lines, "[" * 100_000], "is no audit entry"),
        (lambda lines: [], "the whole record is missing"),
    ],
)
def test_whatever_was_changed_is_named(
    published: Path, verify: Verify, key: str, tmp_path: Path, change: Callable[[list[str]], list[str]], says: str
) -> None:
    file = tmp_path / "record.jsonl"
    file.write_text("\n".join(change(file.read_text().splitlines())), encoding="utf-8")
    done = verify(file, "--checkpoints", published, "--key", key.split()[1])
    assert done.returncode == 1 and says in done.stdout, done.stdout + done.stderr


def test_a_checkpoint_vouches_only_unchanged_by_a_known_key_that_is_not_revoked(
    cli: Cli, published: Path, verify: Verify, key: str, tmp_path: Path
) -> None:
    name, public = key.split()
    record, marks = tmp_path / "record.jsonl", ("--checkpoints", published)
    assert "which was revoked" in verify(record, *marks, "--key", public, "--revoked", name).stdout
    other = cli("audit", "key", "--new", str(tmp_path / "other.key")).output.split()[1]
    assert "which you did not give" in verify(record, *marks, "--key", other).stdout
    assert "which you did not give" in verify(record, *marks).stdout
    published.write_text(published.read_text().replace('"seq":44', '"seq":43'))
    assert "or it was changed" in verify(record, *marks, "--key", public).stdout
    published.write_text("{]}")
    assert "is no checkpoint" in verify(record, *marks, "--key", public).stderr
    assert "is no public key" in verify(record, "--key", "abc").stderr


def test_a_checkpoint_of_another_chain_is_told_from_a_changed_one(
    cli: Cli, home: Path, published: Path, verify: Verify, key: str, tmp_path: Path
) -> None:
    """A database that began anew under the same workspace's name, or a backup of another installation."""
    shutil.rmtree(home)
    write(home, more=60)
    assert cli("audit", "export", "--out", str(tmp_path / "record.jsonl")).exit_code == 0
    done = verify(tmp_path / "record.jsonl", "--checkpoints", published, "--key", key.split()[1])
    assert done.returncode == 1 and "it is of another chain" in done.stdout


@pytest.mark.parametrize("name", ["pack.zip", "pack"])
def test_one_task_is_proven_without_showing_the_others(
    cli: Cli, home: Path, key: str, verify: Verify, tmp_path: Path, name: str
) -> None:
    task, out = write(home), tmp_path / name
    done = cli("audit", "export", "--task", task, "--out", str(out))
    assert done.exit_code == 0, done.exception
    checked = verify(out, "--key", key.split()[1])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "3 of 3 entries" in checked.stdout and "1 of 1 sealed calls" in checked.stdout
    assert "1 of 1 results" in checked.stdout
    if name == "pack":
        everything = b"".join(f.read_bytes() for f in out.rglob("*") if f.is_file())
        assert b"secret of others" not in everything and b"U0DANA" in everything and b'"p1"' in everything
    assert verify(out).returncode == 2
    assert "which was revoked" in verify(out, "--key", key.split()[1], "--revoked", key.split(maxsplit=1)[0]).stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("entries.jsonl", "U0DANA", "U0MALLORY", "was changed after it was written"),
        ("proposals.json", "shop.set_flag", "shop.drop_all", "its bytes are not those people approved"),
        ("calls.json", "U0DANA", "U0MALLORY", "calls.json was changed"),
        ("pack.json", '"v":1', '"v":2', "or it was changed"),
        ("checkpoints.json", '"v": 1', '"v": 2', "or it was changed"),
        ("entries.jsonl", '"seq":41', '"seq":1', "was changed after it was written"),
    ],
)
def test_a_changed_pack_is_found_out(
    cli: Cli, home: Path, key: str, verify: Verify, tmp_path: Path, file: str, old: str, new: str, says: str
) -> None:
    task, out = write(home), tmp_path / "pack"
    cli("audit", "export", "--task", task, "--out", str(out))
    text = (out / file).read_text()
    assert old in text
    (out / file).write_text(text.replace(old, new))
    done = verify(out, "--key", key.split()[1])
    assert done.returncode == 1 and says in done.stdout, done.stdout


def test_a_pack_its_exporter_forged_does_not_hold_against_the_checkpoint(
    cli: Cli, home: Path, key: str, verify: Verify, tmp_path: Path
) -> None:
    """Files replaced and listed anew: what the chain proves stays proven by the chain alone."""
    task, out = write(home), tmp_path / "pack"
    cli("audit", "export", "--task", task, "--out", str(out))
    (out / "evidence" / f"{'0' * 64}.json").write_text("{}")
    entries = (out / "entries.jsonl").read_text().splitlines()
    (out / "entries.jsonl").write_text("\n".join(_rewritten(entries)))
    done = verify(out, "--key", key.split()[1])
    assert done.returncode == 1
    assert (
        "is not under checkpoint 44" in done.stdout and "✗ result 000000000000… is in no published entry" in done.stdout
    )


def test_no_pack_no_key_no_task_are_one_sentence(cli: Cli, home: Path, verify: Verify, tmp_path: Path) -> None:
    write(home)
    assert "autopilot audit key --new" in str(cli("audit", "key").exception)
    assert "autopilot audit key --new" in str(cli("audit", "checkpoint").exception)
    (tmp_path / "bomb.zip").write_bytes(b"PK\x03\x04")
    assert verify(tmp_path / "bomb.zip").returncode == 1
    assert "cannot read" in verify(tmp_path / "nothing").stderr
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("pack.json", "[]")
    import base64

    done = verify(tmp_path / "odd.zip", "--key", base64.b64encode(bytes(32)).decode())
    assert done.returncode == 1 and "not in the form" in done.stdout
