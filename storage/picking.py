"""Which rows a replica takes up: picked, locked and changed in one statement, and only what this version can read."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import sqlalchemy as sa


def once(pick: sa.Select[Any]) -> sa.Select[Any]:
    """What `pick` finds, found once: for `IN`, in an update.

    As a plain subquery PostgreSQL may ask it anew for each row of a nested loop. With LIMIT and SKIP LOCKED each time
    finds another row, since the last one is being changed, and a claim of one takes all.
    """
    return sa.select(*pick.cte("picked").c)


def known(column: sa.ColumnElement[Any], words: Iterable[StrEnum]) -> sa.ColumnElement[bool]:
    """Whether the column says a word this version has. Rows with a newer version's word are left to its replicas:
    in an upgrade both are at work, and one row that cannot be read would end a whole loop."""
    return sa.or_(*(column == one for one in words))  # no `in`: storage/plain.py
