"""INSERT … ON CONFLICT for the engine at hand; both speak it, each in a dialect class of its own."""

from typing import Any

import sqlalchemy as sa

from storage.db import Tx


def insert_new(tx: Tx, table: sa.Table) -> Any:
    """An insert that does nothing when a unique key of the row is taken; `rowcount` or `returning` says which."""
    if tx.conn.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # not for SQLite's sake: 3 MB

        return postgresql.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table).on_conflict_do_nothing()
