"""A write that is tried again when PostgreSQL broke a deadlock with it: nothing of the first try is left."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from storage.db import Database, Tx

Result = TypeVar("Result")

ATTEMPTS = 5
_AGAIN = ("40001", "40P01")
"""serialization failure, deadlock: https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html"""


async def transact(db: Database, work: Callable[[Tx], Awaitable[Result]]) -> Result:
    """What `work` gives, from one committed transaction. `work` may run more than once and must change nothing else."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with db.write() as tx:
                return await work(tx)
        except DBAPIError as error:
            if attempt == ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _AGAIN:
                raise
            await asyncio.sleep(0.01 * attempt)
    raise AssertionError("the last attempt returns or raises")
