"""`autopilot halt`: everything, from outside the bot's process."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from storage import audit, halts
from storage.db import Database
from storage.halts import Halt
from storage.migrate import migrate
from storage.row_security import EVERYTHING
from tests.commands.conftest import Cli


def _with(home: Path, *, make: bool = False) -> tuple[Halt | None, list[str]]:
    async def work() -> tuple[Halt | None, list[str]]:
        db = Database(f"sqlite+aiosqlite:///{home / 'autopilot.db'}")
        try:
            if make:
                await migrate(db)
                async with db.write() as tx:
                    await audit.append(tx, "T1", "ops.test")
            async with db.read() as tx:
                return await halts.standing(tx, "T1"), [e.event for e in await audit.entries(tx, "T1")]
        finally:
            await db.close()

    return asyncio.run(work())


def test_everything_halts_and_is_lifted_with_a_person_and_a_reason(cli: Cli, home: Path) -> None:
    _with(home, make=True)
    assert cli("halt").exit_code == 2 and cli("halt", "--reason", " ").exit_code == 2
    done = cli("halt", "--reason", "power cut ghp_" + "a1B2" * 9, "--who", "kim")
    assert done.exit_code == 0 and "everything is halted by kim on the command line: power cut [redacted" in done.output
    halt, events = _with(home)
    assert halt is not None and (halt.tenant, halt.who) == (EVERYTHING, "cli:kim")
    assert "already halted by kim" in str(cli("halt", "--reason", "again").exception)
    lifted = cli("halt", "--lift", "--reason", "power is back")
    assert lifted.exit_code == 0 and lifted.output.startswith("lifted; everything was halted by kim")
    halt, events = _with(home)
    assert halt is None and events == ["ops.test", "ops.halt.began", "ops.halt.lifted"]
    assert "nothing to lift" in str(cli("halt", "--lift", "--reason", "twice").exception)


def test_without_a_database_it_says_so(cli: Cli) -> None:
    assert "there is no database at" in str(cli("halt", "--reason", "x").exception)


@pytest.mark.parametrize("schema", ["0026", "0028"])
def test_a_schema_of_another_version_stops_no_emergency(cli: Cli, home: Path, schema: str) -> None:
    """The newer program is there before the migration ran, or the migration broke off: that is when things go wrong."""
    _of_version(home, schema)
    done = cli("halt", "--reason", "the upgrade ate it", "--who", "kim")
    assert done.exit_code == 0 and "everything is halted by kim" in done.output
    bare = schema == "0026"  # its audit table takes no entry of today's
    assert ("not on the record" in done.output) is bare
    assert "run 'autopilot migrate'" in str(cli("halt", "--lift", "--reason", "better").exception)
    assert _with(home, make=True)[0] is not None
    assert cli("halt", "--reason", "again").exit_code == 1
    assert cli("halt", "--lift", "--reason", "better").exit_code == 0


def test_without_its_table_it_says_what_to_do(cli: Cli, home: Path) -> None:
    _of_version(home, "0004")
    assert "run 'autopilot migrate'" in str(cli("halt", "--reason", "too old").exception)


def _of_version(home: Path, schema: str) -> None:
    """The database as an older version left it."""

    async def work() -> None:
        db = Database(f"sqlite+aiosqlite:///{home / 'autopilot.db'}")
        try:
            await migrate(db, schema)
        finally:
            await db.close()

    asyncio.run(work())


def test_it_waits_for_nothing_it_does_not_need(home: Path) -> None:
    """Every replica stands still within a second of Enter, so little may be loaded before."""
    _with(home, make=True)
    program = (
        "import sys; from bot.entry import main; sys.argv = ['autopilot', 'halt', '--reason', 'drill']\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.stdout.startswith("everything is halted by"), ran.stderr
    loaded = set(ran.stdout.split())
    heavy = {
        "cedarpy",
        "starlette",
        "uvicorn",
        "slack_bolt",
        "tools.gateway",
        "alembic",
        "httpx",
        "bot.cli",
        "bot.failures",
    }
    assert loaded & heavy == set()
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert again.returncode == 1 and again.stderr.startswith("autopilot: everything is already halted by")
