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
