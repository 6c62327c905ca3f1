"""Statements by key, made many times a second: compiled once, and given to the engine's driver as they are.

SQLAlchemy takes three times as long over such a statement as PostgreSQL's driver does, ten times as long as SQLite.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from storage.sqlite import LocalConnection

if TYPE_CHECKING:
    from storage.db import Tx

Row = Sequence[Any]


def parsed(value: Any) -> Any:
    """An object or list of a JSON column: SQLite gives its text, PostgreSQL's driver has read it."""
    return json.loads(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Plain:
    """One statement, and the names of its values. Nothing is converted: JSON goes in as text (`parsed` reads what comes
    out), and SQLite's yes and no are numbers. No `in (…)`: that is another statement each time."""

    statement: sa.Executable | Callable[[str], sa.Executable]
    """or how it is made for an engine, as SQLAlchemy names its dialect: postgresql, sqlite"""
    names: tuple[str, ...]

    async def run(self, tx: "Tx", values: dict[str, Any]) -> Sequence[Row]:
        """Its rows; none when it gives none."""
        conn = tx.conn
        text, order, fixed = self._for_sqlite if isinstance(conn, LocalConnection) else self._for_postgres
        given = fixed | values
        return await conn.execute_plain(text, tuple([given[name] for name in order]))

    @cached_property
    def _for_sqlite(self) -> tuple[str, Sequence[str], dict[str, Any]]:
        """Its text, its values by place, and those that stand in the statement itself."""
        from sqlalchemy.dialects.sqlite.pysqlite import dialect

        return self._compiled(dialect())

    @cached_property
    def _for_postgres(self) -> tuple[str, Sequence[str], dict[str, Any]]:
        from sqlalchemy.dialects.postgresql.asyncpg import dialect

        return self._compiled(dialect())  # type: ignore[no-untyped-call]

    def _compiled(self, dialect: sa.Dialect) -> tuple[str, Sequence[str], dict[str, Any]]:
        made = self.statement if isinstance(self.statement, sa.Executable) else self.statement(dialect.name)
        compiled = made.compile(dialect=dialect, column_keys=list(self.names))  # type: ignore[attr-defined]
        fixed = {name: value for name, value in compiled.params.items() if name not in self.names}
        return str(compiled), compiled.positiontup or (), fixed
