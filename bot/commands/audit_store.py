"""The record in the database, in batches."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from bot.failed import CommandFailed
from storage import audit
from storage.db import Database
from storage.migrate import require_current
from storage.records import AuditEntry
from storage.row_security import EVERYTHING
from storage.verify_audit import Row

BATCH = 1000
MANY = 5000


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database, for reading.

    Raises:
        CommandFailed: there is no such SQLite file.
        SchemaBehind: its schema is not this version's.
    """
    async with opened_of_any_schema(url) as db:
        await require_current(db)
        yield db


@contextlib.asynccontextmanager
async def opened_of_any_schema(url: str) -> AsyncIterator[Database]:
    """The database as it is, for what cannot wait for a migration.

    Raises:
        CommandFailed: there is no such SQLite file.
    """
    db = Database(url, sees=EVERYTHING)
    try:
        if not db.is_postgres and not _file(db).exists():
            raise CommandFailed(f"there is no database at {db.url.database!r} yet; check AUTOPILOT_HOME")
        yield db
    finally:
        await db.close()


def _file(db: Database) -> Path:
    return Path(db.url.database or "")


async def chains(db: Database, tenant: str = "") -> list[tuple[str, int, str]]:
    """(tenant, last sequence number, last hash) of every chain, or of one."""
    async with db.read() as tx:
        found = await audit.tenants(tx)
    if tenant and not any(name == tenant for name, _seq, _hash in found):
        known = ", ".join(name for name, _seq, _hash in found) or "none"
        raise CommandFailed(f"no entries of workspace {tenant!r}; there are: {known}")
    return [chain for chain in found if tenant in ("", chain[0])]


async def rows_of(db: Database, tenant: str, *, upto: int, after: int = 0) -> AsyncIterator[list[Row]]:
    """The entries after `after` up to `upto` as plain rows, many at a time: for those who go through all of them."""
    while True:
        async with db.read() as tx:
            batch = await audit.rows(tx, tenant, after=after, upto=upto, limit=MANY)
        if not batch:
            return
        yield batch
        after = batch[-1][1]


async def entries_of(
    db: Database, tenant: str, *, upto: int, after: int = 0, task: str = ""
) -> AsyncIterator[list[AuditEntry]]:
    """The entries after `after` up to `upto`, a batch at a time."""
    while True:
        async with db.read() as tx:
            batch = await audit.entries(tx, tenant, after=after, limit=BATCH, task_id=task)
        batch = [entry for entry in batch if entry.seq <= upto]
        if not batch:
            return
        yield batch
        after = batch[-1].seq
