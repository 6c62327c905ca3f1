"""No tool talks to the database without limits of time: asked of the server, on each connection that a tool opens."""

import contextlib
from collections import defaultdict
from typing import Any

import asyncpg
import pytest

from tests.tools.postgres.conftest import CONTEXT, Ops
from tools.admitting import validate
from tools.contract import ToolFailed

pytestmark = pytest.mark.postgres
ORDERS = {"schema_name": "shop", "table": "orders"}
VECTORS = {**ORDERS, "column": "note"}
BACKEND = {"pid": 1, "backend_start": "2026-01-01T00:00:00+00:00"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "vector_search": {**VECTORS, "vector": [0.5]},
    "vector_benchmark": VECTORS,
    "cancel_backend": BACKEND,
    "terminate_backend": BACKEND,
    "vacuum": ORDERS,
    "analyze": ORDERS,
    "create_index": {**ORDERS, "columns": ["customer"]},
    "drop_index": {"schema_name": "shop", "name": "orders_customer_autopilot"},
    "reindex_index": {"schema_name": "shop", "name": "orders_pkey"},
    "limit_role": {"role": "postgres", "limit": 5},
    "limit_database": {"limit": 50},
    "create_vector_index": VECTORS,
    "drop_vector_index": {"schema_name": "shop", "name": "orders_pkey"},
    "vector_insert": {**VECTORS, "vectors": [[0.5]]},
    "vector_copy": {**VECTORS, "from_table": "orders"},
    "rotate_password": {"role": "postgres"},
}
"""of the tools that need some; what they answer does not matter here"""
_ASK = "select name, setting::int from pg_settings where name in ('statement_timeout', 'lock_timeout')"


async def test_every_connection_of_every_tool_has_limits(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    connect, at, seen = asyncpg.connect, "", defaultdict[str, list[dict[str, int]]](list)

    async def asking(*places: Any, **how: Any) -> Any:
        made = await connect(*places, **how)
        seen[at].append(dict(await made.fetch(_ASK)))
        return made

    monkeypatch.setattr(asyncpg, "connect", asking)
    for name, tool in ops.tools.items():
        at = name.removeprefix("postgres.")
        call = validate(tool, ARGUMENTS.get(at, {})).parsed
        for step in (tool.preview, tool.run):
            if step is not None:
                with contextlib.suppress(ToolFailed):
                    await step(call, CONTEXT)
        if tool.verify is not None:
            await tool.verify(call, None, CONTEXT)
    assert seen.keys() == {name.removeprefix("postgres.") for name in ops.tools}
    for name, connections in seen.items():
        for limits in connections:
            assert 0 < limits["statement_timeout"] <= 20_000, name
            assert 0 < limits["lock_timeout"] <= limits["statement_timeout"], name


async def test_a_pooler_that_drops_the_limits_is_refused(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    """As PgBouncer does with ignore_startup_parameters."""
    connect = asyncpg.connect

    async def dropping(*places: Any, **how: Any) -> Any:
        return await connect(*places, **{**how, "server_settings": {}})

    monkeypatch.setattr(asyncpg, "connect", dropping)
    with pytest.raises(ToolFailed, match="does not keep its limits of time") as failed:
        await ops.run("status")
    assert not failed.value.effect_possible
