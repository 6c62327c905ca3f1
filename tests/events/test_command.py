"""`autopilot events sinks`, run as people run it, on a database file."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.failed import CommandFailed
from storage import audit
from storage.db import Database
from storage.errors import NotFound
from storage.migrate import migrate
from tests.builders import TENANT
from tests.events.receiver import SECRET


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose database holds one workspace's first entry."""
    monkeypatch.setenv("AUTOPILOT_HOME", str(tmp_path))
    monkeypatch.delenv("AUTOPILOT_DATABASE_URL", raising=False)
    monkeypatch.delenv("AUTOPILOT_EVENTS_SECRET", raising=False)
    await _happened(tmp_path, TENANT)
    return tmp_path


async def _happened(home: Path, tenant: str) -> None:
    db = Database(f"sqlite:///{home / 'autopilot.db'}")
    await migrate(db)
    async with db.write() as tx:
        await audit.append(tx, tenant, "ops.agent_task.created", task_id="t")
    await db.close()


def sinks(*words: str) -> str:
    """What the command prints; what it raises is what `main` says in one sentence."""
    done = CliRunner().invoke(app, ["events", "sinks", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_sink_is_added_listed_retried_and_removed(home: Path) -> None:
    assert "no event sinks" in sinks("list")
    added = sinks("add", "https://events.example.com/secret-path", "--events", "ops.agent_task.*", "--from-start")
    sink_id = added.partition(":")[0]
    assert f"gets ops.agent_task.* of workspace {TENANT}" in added
    assert "AUTOPILOT_EVENTS_SECRET is not set" in added
    listed = sinks("list")
    assert f"{sink_id}  {TENANT}  https://events.example.com/…  active" in listed
    assert "2 entries behind; last delivered never" in listed  # one that happened, and that the sink was added
    assert "secret-path" not in added + listed
    assert "tried again now" in sinks("retry", sink_id)
    assert "is removed" in sinks("remove", sink_id)
    assert "no event sinks" in sinks("list")
    with pytest.raises(NotFound):
        sinks("remove", sink_id)


def test_a_secret_that_is_there_is_not_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_SECRET", SECRET)
    assert "nothing is sent" not in sinks("add", "https://events.example.com/", "--secret-env", "OPS_SECRET")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ftp://x"], "must begin with 'https://'"),
        (["http://events.example.com/"], "http is for loopback only"),
        (["https://events.example.com/", "--events", "nonsense"], "no event is named like 'nonsense'"),
        (["https://events.example.com/", "--secret-env", SECRET], "the NAME of an environment variable"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(home: Path, words: list[str], says: str) -> None:
    with pytest.raises(CommandFailed, match=says):
        sinks("add", *words)


async def test_with_two_workspaces_one_must_be_named(home: Path) -> None:
    """Asked in a thread: the command starts a loop of its own."""
    await _happened(home, "T0OTHER")
    with pytest.raises(CommandFailed, match="--tenant"):
        await asyncio.to_thread(sinks, "add", "https://events.example.com/")
    assert "T0OTHER" in await asyncio.to_thread(sinks, "add", "https://events.example.com/", "--tenant", "T0OTHER")
