"""`autopilot token`: shown once, kept as a hash, revoked by its id."""

import asyncio
import sqlite3
from pathlib import Path

from storage import audit
from storage.db import Database
from tests import migrated
from tests.commands.conftest import Cli


def _make(home: Path) -> None:
    async def work() -> None:
        db = Database(f"sqlite+aiosqlite:///{migrated.copy_to(home / 'autopilot.db')}")
        async with db.write() as tx:
            await audit.append(tx, "T1", "ops.test")
        await db.close()

    asyncio.run(work())


def test_a_token_is_shown_once_and_kept_as_a_hash(cli: Cli, home: Path) -> None:
    _make(home)
    assert cli("token", "create", "--person", "U0DANA", "--scope", "everything").exit_code == 2
    made = cli("token", "create", "--person", "U0DANA", "--scope", "read", "--scope", "vote", "--name", "ci")
    assert made.exit_code == 0, made.exception
    text = made.stdout.splitlines()[0]
    assert text.startswith("oap_k_")
    with sqlite3.connect(home / "autopilot.db") as db:
        stored = "\n".join(db.iterdump())
    assert text not in stored and text.split(".")[1] not in stored
    listed = cli("token", "list").output
    token_id = text.removeprefix("oap_").split(".")[0]
    assert f"{token_id} valid U0DANA read,vote" in listed and text.split(".")[1] not in listed
    assert cli("token", "revoke", token_id).exit_code == 0
    assert "revoked" in cli("token", "list").output
    assert "no valid token" in str(cli("token", "revoke", token_id).exception)
    with sqlite3.connect(home / "autopilot.db") as db:
        events = [row[0] for row in db.execute("select event from audit order by seq")]
    assert events == ["ops.test", "ops.api_token.created", "ops.api_token.revoked"]
