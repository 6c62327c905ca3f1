"""PostgreSQL's connections: kept open, and none handed out that is known to be dead."""

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

UNASKED = 5.0
"""seconds since its last use within which a connection is not asked whether it still answers.

Asking takes three round trips, more than most transactions need. A server that ends closes its sockets, which the
driver knows without asking; what goes silently is a router that forgot an idle connection, and that takes minutes.
"""


def engine(url: URL, *, pool_size: int) -> AsyncEngine:
    """An engine whose pool forgets all connections of before when it finds a dead one."""
    made = create_async_engine(url, pool_size=pool_size, max_overflow=0)  # a burst's would have to be opened anew

    @sa.event.listens_for(made.sync_engine, "checkin")
    def _given_back(_dbapi: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @sa.event.listens_for(made.sync_engine, "checkout")
    def _handed_out(dbapi: Any, record: Any, _fairy: Any) -> None:
        used = record.info.get("used")
        if used is None:  # just opened
            return
        if dbapi.driver_connection.is_closed():
            raise sa.exc.InvalidatePoolError
        if time.monotonic() - used > UNASKED and not made.sync_engine.dialect._do_ping_w_event(dbapi):
            raise sa.exc.InvalidatePoolError

    return made
