"""One nursery and one PostgreSQL database for all tests of a file."""

import os
from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio
from sqlalchemy.engine import make_url

from tests.durability.bots import Nursery, a_nursery


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery() -> AsyncIterator[Nursery]:
    """Starts bots quickly: it imports the bot once."""
    async with a_nursery() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def postgres_of_module(postgres_server: str) -> AsyncIterator[str]:
    """An empty PostgreSQL database of a role that is no superuser, dropped after the file's last test."""
    name = f"durability_{os.getpid()}_{os.urandom(3).hex()}"
    conn = await asyncpg.connect(postgres_server.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await conn.execute(f"create role {name} login createdb")
        await conn.execute(f"create database {name} owner {name}")
        yield make_url(postgres_server).set(database=name, username=name).render_as_string(hide_password=False)
        await conn.execute(f"drop database {name} with (force)")
    finally:
        await conn.close()
