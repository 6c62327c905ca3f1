"""The hold on a stretch: while it lives, nobody else writes for its task; when it is lost, its writer falls silent."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import sqlalchemy as sa

from storage import streams
from storage.db import Database
from storage.records import Post

BEATS = 4
"""heartbeats in one lease"""


@asynccontextmanager
async def held(
    db: Database, stretch: Post, *, owner: str, lease: float, lost: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Extend the lease until the block ends; `lost` is awaited when somebody else took it, or may have taken it."""
    beating = asyncio.create_task(_beat(db, stretch, owner, lease, lost))
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def _beat(db: Database, stretch: Post, owner: str, lease: float, lost: Callable[[], Awaitable[None]]) -> None:
    until = time.monotonic() + lease
    while True:
        await asyncio.sleep(lease / BEATS)
        asked = time.monotonic()
        try:
            async with asyncio.timeout(max(0.1, until - asked)), db.write() as tx:
                still = await streams.hold(tx, stretch, owner=owner, lease=lease)
        except (sa.exc.DBAPIError, OSError, TimeoutError):
            if time.monotonic() < until:
                continue
            still = False
        if not still:
            await lost()
            return
        until = asked + lease
