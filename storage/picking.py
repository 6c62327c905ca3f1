"""Rows that are picked, locked and changed in one statement."""

from typing import Any

import sqlalchemy as sa


def once(pick: sa.Select[Any]) -> sa.Select[Any]:
    """What `pick` finds, found once: for `IN`, in an update.

    As a plain subquery PostgreSQL may ask it anew for each row of a nested loop. With LIMIT and SKIP LOCKED each time
    finds another row, since the last one is being changed, and a claim of one takes all.
    """
    return sa.select(*pick.cte("picked").c)
