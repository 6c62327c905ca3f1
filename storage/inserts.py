"""INSERT … ON CONFLICT for the engine at hand; both speak it, each in a dialect class of its own."""

from typing import Any

import sqlalchemy as sa

from storage.db import Tx


def insert_new(tx: Tx, table: sa.Table) -> Any:
    """An insert that does nothing when a unique key of the row is taken; `rowcount` or `returning` says which."""
    return _insert(tx, table).on_conflict_do_nothing()


def insert_or_update(
    tx: Tx, table: sa.Table, values: dict[str, Any], *, key: tuple[str, ...], again: dict[str, Any]
) -> Any:
    """An insert that, when the unique `key` is taken, makes the changes of `again` to the row that has it."""
    return _insert(tx, table).values(values).on_conflict_do_update(index_elements=list(key), set_=again)


def _insert(tx: Tx, table: sa.Table) -> Any:
    if tx.conn.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # two megabytes that an SQLite bot does without

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
