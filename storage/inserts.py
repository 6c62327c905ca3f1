"""INSERT … ON CONFLICT for the engine at hand; both speak it, each in a dialect class of its own."""

from typing import Any

import sqlalchemy as sa

from storage.db import Tx


def insert_new(tx: Tx, table: sa.Table) -> Any:
    """An insert that does nothing when a unique key of the row is taken; `rowcount` or `returning` says which."""
    return new_in(tx.conn.dialect.name, table)


def new_in(engine: str, table: sa.Table) -> Any:
    """The same for an engine by the name of SQLAlchemy's dialect: a statement that is made once."""
    return _insert(engine, table).on_conflict_do_nothing()


def insert_or_update(
    tx: Tx, table: sa.Table, values: dict[str, Any], *, key: tuple[str, ...], again: dict[str, Any]
) -> Any:
    """An insert that, when the unique `key` is taken, makes the changes of `again` to the row that has it."""
    return changing_in(tx.conn.dialect.name, table, values, key=key, again=again)


def changing_in(
    engine: str, table: sa.Table, values: dict[str, Any], *, key: tuple[str, ...], again: dict[str, Any]
) -> Any:
    """The same for an engine by the name of SQLAlchemy's dialect: a statement that is made once."""
    return _insert(engine, table).values(values).on_conflict_do_update(index_elements=list(key), set_=again)


def _insert(engine: str, table: sa.Table) -> Any:
    if engine == "postgresql":
        from sqlalchemy.dialects import postgresql  # two megabytes that an SQLite bot does without

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
