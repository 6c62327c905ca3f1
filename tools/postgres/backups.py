"""The change that dumps the database and proves the dump: restored into a scratch database, counted, dropped again."""

import asyncio
import hashlib
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tools.contract import Change, Counted, Held, Impact, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres.connection import LOCK_SECONDS, Operator
from tools.postgres.maintenance import number, seconds_for, too_long
from tools.postgres.names import quoted
from tools.sources.python_toolbox import Toolbox

SECONDS = 20
"""for dump, restore and counting together; below the 25 s a tool may take"""
COUNTED = 200
"""tables whose rows are compared"""
TABLES = """
select n.nspname as schema, c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2 limit $1
"""


@dataclass(frozen=True, kw_only=True)
class Backups:
    """Where dumps are kept, and the programs that make them."""

    folder: Path
    programs: Path | None = None
    """the folder of pg_dump and pg_restore; None: those of PATH"""

    def program(self, name: str) -> str:
        """
        Raises:
            ToolFailed: it is not there.
        """
        found = shutil.which(name, path=str(self.programs) if self.programs else None)
        if found is None:
            says = f"no {name} here; install PostgreSQL's client programs, or name their folder"
            raise ToolFailed(f"{says} in AUTOPILOT_OPERATOR_PROGRAMS", effect_possible=False, reason="refused")
        return found


def environment(url: str, database: str | None = None) -> dict[str, str]:
    """What libpq's programs read. The password is no argument: those can be seen by everybody on the machine."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    found = {
        "PGHOST": (query.get("host") or [parts.hostname or "localhost"])[0],
        "PGPORT": str(parts.port or (query.get("port") or ["5432"])[0]),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": database or unquote(parts.path.lstrip("/")),
        "PGSSLMODE": (query.get("sslmode") or [""])[0],
        "PGAPPNAME": "ops-autopilot operator",
        "PGOPTIONS": f"-c statement_timeout={SECONDS}s -c lock_timeout={LOCK_SECONDS}s",
        "PATH": os.defpath,
    }
    return {name: value for name, value in found.items() if value}


async def ran(program: str, *arguments: str, env: dict[str, str], seconds: float) -> None:
    """Run one of PostgreSQL's programs to its end.

    Raises:
        ToolFailed: it failed or took too long.
    """
    process = await asyncio.create_subprocess_exec(
        program, *arguments, env=env, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            _, said = await process.communicate()
    except (TimeoutError, asyncio.CancelledError) as error:
        process.kill()
        await process.wait()
        if isinstance(error, asyncio.CancelledError):
            raise
        says = f"{Path(program).name} took longer than {seconds:.0f} s; do it by hand"
        raise ToolFailed(says, effect_possible=False, reason="timeout") from None
    if process.returncode:
        first = re.sub(r"\s+", " ", said.decode(errors="replace"))[:300]
        raise ToolFailed(f"{Path(program).name} says: {first}", effect_possible=False)


def register(box: Toolbox, operator: Operator, backups: Backups | None) -> None:
    """Add the tool; without a folder for dumps it says so and does nothing."""

    def the_folder() -> Backups:
        if backups is None:
            says = "no folder for backups is set; name one in AUTOPILOT_OPERATOR_BACKUPS and restart the bot"
            raise ToolFailed(says, effect_possible=False, reason="refused")
        backups.program("pg_dump"), backups.program("pg_restore")
        return backups

    @box.write(
        tier="irreversible",
        title="'Backed up the database and proved the backup'",
        says="'Back up the database in ' + env + ', and prove it by a restore into a scratch database'",
        verb="back up",
        target={"kind": "database", "id": "'postgres'"},
        side_effects=["a file in the backup folder", "a scratch database for as long as it takes, dropped again"],
        dry_run="analysed",
        timeout_seconds=25,
        failure_modes=["the restore differs: the dump is thrown away and the difference is named"],
        sensitivity="confidential",
        rate_per_hour=6,
    )
    async def backup() -> JsonObject:
        """Dump the database with pg_dump, restore it into a scratch database, compare the rows of its tables."""
        return await _proven(operator, the_folder())

    @backup.preview
    async def look() -> Impact:
        given = the_folder()
        async with operator.looking() as db:
            seen = await db.row("select pg_database_size(current_database())::int8 as bytes")
            tables = await db.rows(TABLES, COUNTED)
        assert seen is not None
        size = number(seen, "bytes")
        seconds = seconds_for(3 * size)
        too_long("the backup with its proof", seconds, SECONDS)
        return Impact(
            grade=DryRun.ANALYSED,
            changes=(
                Change(label="disk space", before="", after=f"up to {2 * size} bytes while it runs"),
                Change(label="lock", before="none", after="access share: reads and writes go on, changes of form wait"),
                Change(label="takes about", before="", after=f"{seconds:g} s for {size} bytes"),
                Change(label="kept in", before="", after=given.folder.name),
            ),
            counted=(Counted(count=len(tables), unit="tables compared"),),
        )

    @backup.verify
    async def there() -> Verified:
        files = sorted(the_folder().folder.glob("*.dump"))
        held = Held.YES if files else Held.NO
        return Verified(
            held=held, says=f"the newest proven backup is {files[-1].name}" if files else "there is no backup"
        )


async def _proven(operator: Operator, given: Backups) -> JsonObject:
    """Dump, restore, compare; a dump that does not prove itself is thrown away.

    Raises:
        ToolFailed: it could not be made, or does not hold what the database holds.
    """
    until = time.monotonic() + SECONDS
    given.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = given.folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.dump.part"
    scratch = f"autopilot_scratch_{os.getpid()}_{time.time_ns()}"
    env = environment(operator.url)
    try:
        # pg_dump lifts the server's limits for itself; while it waits for one table it would hold all those before it.
        dump = ("-Fc", f"--lock-wait-timeout={LOCK_SECONDS}s", "-f", str(made))
        await ran(given.program("pg_dump"), *dump, env=env, seconds=until - time.monotonic())
        made.chmod(0o600)
        before = await _counts(operator)
        async with operator.changing() as db:
            await db.change(f"create database {quoted(scratch)}")
        try:
            into = environment(operator.url, scratch)
            arguments = ("--no-owner", "--no-privileges", "--exit-on-error", "-d", scratch, str(made))
            await ran(given.program("pg_restore"), *arguments, env=into, seconds=until - time.monotonic())
            after = await _counts(operator, scratch)
        finally:
            async with operator.changing() as db:
                await db.change(f"drop database if exists {quoted(scratch)} with (force)")
        # Rows that came meanwhile are no fault of the dump; a table that is gone or empty is.
        lost = [name for name, rows in before.items() if after.get(name, -1) < 0 or (rows and not after[name])]
        if lost:
            says = f"the restore lacks {', '.join(lost[:5])}; the dump was thrown away"
            raise ToolFailed(says, effect_possible=False, reason="bad_response")
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    kept = made.with_suffix("")
    made.replace(kept)
    digest = await asyncio.to_thread(lambda: hashlib.sha256(kept.read_bytes()).hexdigest())
    rows = sum(after.values())
    return {"file": kept.name, "bytes": kept.stat().st_size, "sha256": digest, "tables": len(after), "rows": rows}


async def _counts(operator: Operator, database: str | None = None) -> dict[str, int]:
    async with operator.looking(database) as db:
        names = [(str(row["schema"]), str(row["table"])) for row in await db.rows(TABLES, COUNTED)]
        counts = {}
        for schema, table in names:
            found = await db.row(f"select count(*)::int8 as rows from {quoted(schema, table)}")  # noqa: S608 - quoted names
            counts[f"{schema}.{table}"] = number(found or {"rows": 0}, "rows")
        return counts
