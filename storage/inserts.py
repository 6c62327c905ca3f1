"""INSERT … ON CONFLICT for the engine at hand; both speak it, each in a dialect class of its own."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.db import Tx


def insert_new(tx: Tx, table: sa.Table) -> Any:
    """An insert that does nothing when a unique key of the row is taken; `rowcount` or `returning` says which."""
    if tx.conn.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_or_update(
    tx: Tx, table: sa.Table, values: dict[str, Any], *, key: tuple[str, ...], again: dict[str, Any]
) -> Any:
    """An insert that, when the unique `key` is taken, makes the changes of `again` to the row that has it."""
    insert = postgresql.insert if tx.conn.dialect.name == "postgresql" else sqlite.insert
    return insert(table).values(values).on_conflict_do_update(index_elements=list(key), set_=again)
