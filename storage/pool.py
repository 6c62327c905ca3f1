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


STATEMENTS = 500
"""prepared statements that each connection keeps: all that we make, or they are prepared again and again"""


def engine(url: URL, *, pool_size: int, ours: set[int]) -> AsyncEngine:
    """An engine whose pool forgets all connections of before when it finds a dead one.

    Transactions are begun and ended in storage/postgres.py. `ours` holds the server's process ids of what is open.
    """
    made = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,  # a burst's would have to be opened anew
        pool_use_lifo=True,  # the one used last has most statements prepared
        isolation_level="AUTOCOMMIT",
        connect_args={"statement_cache_size": STATEMENTS, "prepared_statement_cache_size": STATEMENTS},
    )

    @sa.event.listens_for(made.sync_engine, "connect")
    def _opened(dbapi: Any, record: Any) -> None:
        record.info["pid"] = dbapi.driver_connection.get_server_pid()
        ours.add(record.info["pid"])

    @sa.event.listens_for(made.sync_engine, "close")
    @sa.event.listens_for(made.sync_engine, "close_detached")
    def _closed(_dbapi: Any, record: Any = None) -> None:
        if record is not None:
            ours.discard(record.info.get("pid", 0))

    @sa.event.listens_for(made.sync_engine, "checkin")
    def _given_back(dbapi: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()
        driver = None if dbapi is None else dbapi.driver_connection
        if driver is not None and not driver.is_closed() and driver.is_in_transaction():  # its end was broken off
            driver.terminate()

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
