"""One durable move of a task with its audit entry, against a bare SQLAlchemy commit that writes as many rows."""

import sqlite3
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.commands.bench.gateway import running_task
from bot.commands.bench.numbers import Measured, Number, p50
from bot.commands.bench.postgres import a_postgres
from bot.lifecycle.moves import EVENTS, move, note
from storage.db import Database
from storage.migrate import migrate
from storage.records import Task, TaskState
from storage.row_security import EVERYTHING

ROUND = (TaskState.NEEDS_APPROVAL, TaskState.EXECUTING, TaskState.RUNNING)
"""asked, approved, ran: legal moves that come back to where they began"""
_META = sa.MetaData()
_THINGS = sa.Table("bare_things", _META, sa.Column("id", sa.Text, primary_key=True), sa.Column("body", sa.Text))
_LINES = sa.Table("bare_lines", _META, sa.Column("n", sa.Integer, primary_key=True), sa.Column("body", sa.Text))
_HEADS = sa.Table("bare_heads", _META, sa.Column("id", sa.Text, primary_key=True), sa.Column("n", sa.Integer))
_BODY = "x" * 300
"""about what a task's row, or an entry of the record, holds"""
_THING = _THINGS.update().where(_THINGS.c.id == sa.bindparam("of"))
_LINE = _LINES.insert()
_HEAD = _HEADS.update().where(_HEADS.c.id == sa.bindparam("of"))


async def measure(home: Path, *, quick: bool) -> Measured:
    rounds = 3 if quick else 20
    home.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - takes no time
    sqlite = await _both(f"sqlite:///{home / 'moves.db'}", rounds)
    async with a_postgres() as url:
        postgres = await _both(url, rounds)
    numbers: list[Number] = []
    for engine, (ours, bare) in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        numbers += [
            Number(name=f"durable moves, {engine}", value=1000 / p50(ours), unit="/s"),
            Number(name=f"bare commits of as many rows, {engine}", value=1000 / p50(bare), unit="/s"),
            Number(name=f"a move against a bare commit, {engine}", value=p50(ours) / p50(bare), unit="×", target=2),  # noqa: RUF001 - times
        ]
    return Measured(
        benchmark="transitions",
        how=f"{len(sqlite[0])} moves one after another (a guarded update, an entry linked into the record, its head; "
        "synchronous=FULL), in turns with SQLAlchemy transactions that update one row, insert one and update a third; "
        "by the median of each",
        numbers=tuple(numbers),
    )


async def _both(url: str, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each move and of each bare commit; in turns, so that other load hits both."""
    db = Database(url, sees=EVERYTHING)
    bare_one = Bare(db)
    try:
        await migrate(db)
        task = await running_task(db)
        await bare_one.prepare(db)
        ours: list[float] = []
        bare: list[float] = []
        count = 0
        for number in range(rounds + 1):
            taken: tuple[list[float], list[float]] = ([], [])
            for _ in range(10):
                for to in ROUND:
                    began = time.perf_counter()
                    task = await _moved(db, task, to)
                    taken[0].append((time.perf_counter() - began) * 1e3)
            for _ in range(10 * len(ROUND)):
                count += 1
                began = time.perf_counter()
                await bare_one.commit(count)
                taken[1].append((time.perf_counter() - began) * 1e3)
            if number:  # the first round warms statements and files up
                ours += taken[0]
                bare += taken[1]
        return ours, bare
    finally:
        await bare_one.close()
        await db.close()


async def _moved(db: Database, task: Task, to: TaskState) -> Task:
    async with db.write() as tx:
        if to not in EVENTS:
            await note(tx, task, "benched", {"to": to})
        return await move(tx, task, to)


class Bare:
    """SQLAlchemy alone, set as durable as ours: a connection, a transaction, three statements, a commit."""

    def __init__(self, db: Database) -> None:
        self._postgres = create_async_engine(db.url) if db.is_postgres else None
        self._sqlite = None if db.is_postgres else sa.create_engine(db.url)
        if self._sqlite is not None:
            sa.event.listen(self._sqlite, "connect", _as_durable)

    async def prepare(self, db: Database) -> None:
        async with db.write() as tx:
            for table in _META.sorted_tables:
                await tx.run(sa.schema.CreateTable(table))
            await tx.run(_THINGS.insert().values(id="a", body=_BODY))
            await tx.run(_HEADS.insert().values(id="a", n=0))

    async def commit(self, count: int) -> None:
        statements = (
            (_THING, {"of": "a", "body": _BODY}),
            (_LINE, {"n": count, "body": _BODY}),
            (_HEAD, {"of": "a", "n": count}),
        )
        if self._postgres is not None:
            async with self._postgres.begin() as conn:
                for statement, values in statements:
                    await conn.execute(statement, values)
        elif self._sqlite is not None:
            with self._sqlite.begin() as plain:
                for statement, values in statements:
                    plain.execute(statement, values)

    async def close(self) -> None:
        if self._postgres is not None:
            await self._postgres.dispose()
        if self._sqlite is not None:
            self._sqlite.dispose()


def _as_durable(dbapi: sqlite3.Connection, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        dbapi.execute(f"PRAGMA {pragma}")
