"""The database's clock as an SQL expression: replicas' clocks may differ, so only this one counts.

It may be set back, too: SQLite's is its machine's. What is due then must not wait for the hour to pass again.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class now(FunctionElement[float]):
    """Seconds since the epoch, UTC, by the database's clock."""

    type = sa.Double()
    inherit_cache = True


@compiles(now, "postgresql")
def _postgresql(_element: now, _compiler: Any, **_kw: Any) -> str:
    return "extract(epoch from clock_timestamp())::float8"


@compiles(now, "sqlite")
def _sqlite(_element: now, _compiler: Any, **_kw: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


FURTHEST = 900.0
"""seconds that work is put off at most"""


def come(due_at: sa.ColumnElement[float]) -> sa.ColumnElement[bool]:
    """Whether it is time. A time further ahead than anything is put off was noted before the clock was set back."""
    return sa.or_(due_at <= now(), due_at > now() + FURTHEST)


def lapsed(lease_until: sa.ColumnElement[float]) -> sa.ColumnElement[bool]:
    """Whether a lease has run out. One that ends further ahead than any lasts is of before the clock was set back."""
    return sa.or_(lease_until < now(), lease_until > now() + FURTHEST)
