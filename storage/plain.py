"""Statements by key over text and numbers, made many times a second: compiled once, and given to SQLite as they are.

SQLAlchemy takes ten times as long over such a statement as SQLite does. PostgreSQL's way is longer than either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from storage.sqlite import LocalConnection

if TYPE_CHECKING:
    from storage.db import Tx

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Plain:
    """One statement, and the names of its values. No column of it may need converting: no JSON, no booleans."""

    statement: sa.Executable
    names: tuple[str, ...]

    async def run(self, tx: "Tx", values: dict[str, Any]) -> Sequence[Row]:
        """Its rows; none when it gives none."""
        if isinstance(tx.conn, LocalConnection):
            text, order, fixed = self._for_sqlite
            given = fixed | values
            return await tx.conn.execute_plain(text, tuple([given[name] for name in order]))
        done = await tx.run(self.statement, values)
        return [tuple(row) for row in done] if done.returns_rows else ()

    @cached_property
    def _for_sqlite(self) -> tuple[str, Sequence[str], dict[str, Any]]:
        """Its text, its values by place, and those that stand in the statement itself."""
        from sqlalchemy.dialects.sqlite.pysqlite import dialect

        compiled = self.statement.compile(dialect=dialect(), column_keys=list(self.names))  # type: ignore[attr-defined]
        fixed = {name: value for name, value in compiled.params.items() if name not in self.names}
        return str(compiled), compiled.positiontup, fixed
