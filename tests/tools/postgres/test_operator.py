"""The PostgreSQL operator against a real PostgreSQL: what it sees and changes, and cannot be made to do."""

# ruff: noqa: ASYNC110 - other sessions of the server tell nobody when they are ready

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from policy.types import Tier
from tests.tools.postgres.conftest import Ops
from tools.admitting import BadArguments, validate
from tools.conformance.suite import Suite
from tools.conformance.verdicts import Promise, Verdict
from tools.contract import Held, ToolFailed
from tools.manifest import Example
from tools.postgres.box import postgres_tools
from tools.postgres.names import index_name, quoted, shape
from tools.sources.errors import SourceError

pytestmark = pytest.mark.postgres
ON: dict[str, Any] = {"schema_name": "shop", "table": "orders", "columns": ["customer"]}
HOSTILE = 'x"; drop table shop.orders; --'


def listed(seen: Any, name: str) -> list[dict[str, Any]]:
    """The rows a read gave under a name."""
    return list(seen[name])


async def until_analyzed(ops: Ops) -> None:
    """Statistics of other sessions come a moment later."""
    while not await ops.owner.fetchval("select n_live_tup from pg_stat_user_tables where relname = 'orders'"):
        await asyncio.sleep(0.05)


async def test_every_tool_keeps_its_promises(ops: Ops) -> None:
    examples = {
        "postgres.create_index": Example(input=ON, output={"index": "orders_customer_autopilot", "built": True}),
        "postgres.drop_index": Example(input={"schema_name": "shop", "name": "by_note"}, output={"dropped": True}),
        "postgres.reindex_index": Example(
            input={"schema_name": "shop", "name": "orders_pkey"}, output={"index": "orders_pkey", "valid": True}
        ),
        "postgres.vacuum": Example(input={"schema_name": "shop", "table": "orders"}, output={"vacuums": 1}),
        "postgres.analyze": Example(input={"schema_name": "shop", "table": "orders"}, output={"analyzes": 1}),
    }
    await ops.owner.execute("create index by_note on shop.orders (note)")
    tools = {
        name: replace(tool, manifest=tool.manifest.model_copy(update={"examples": (examples[name],)}))
        if name in examples
        else tool
        for name, tool in ops.tools.items()
    }

    async def state() -> str:
        rows = await ops.owner.fetch("select indexname, indexdef from pg_indexes where schemaname = 'shop' order by 1")
        return repr([tuple(row) for row in rows]) + str(await ops.owner.fetchval("select count(*) from shop.orders"))

    tried = await Suite(tools=tools, state=state, changes=True, irreversible=True).run()
    assert [one for one in tried if one.verdict is Verdict.BROKEN] == []
    kept = {(one.tool, one.promise) for one in tried if one.verdict is Verdict.KEPT}
    for name in ("postgres.create_index", "postgres.drop_index"):
        assert {promise for tool, promise in kept if tool == name} == set(Promise)


async def test_an_index_is_proved_by_its_plan_before_and_after(ops: Ops) -> None:
    seen = await ops.preview("create_index", **ON)
    rows = {change.label: change for change in seen.changes}
    assert str(rows["look-up by these columns"].before).startswith("Seq Scan, cost ")
    assert "reads and writes go on" in str(rows["lock"].after)
    assert seen.counted[0].count == 20_000
    assert (await ops.verify("create_index", **ON)).held is Held.NO
    await ops.run("create_index", **ON)
    after = await ops.verify("create_index", **ON)
    assert after.held is Held.YES
    assert "Index" in str(after.data["plan"]) or "Bitmap" in str(after.data["plan"])
    assert float(str(after.data["cost"])) < 200


async def test_a_name_never_ends_its_statement(ops: Ops) -> None:
    assert quoted('a"b', "c") == '"a""b"."c"'
    await ops.owner.execute(f"create table shop.{quoted(HOSTILE)} ({quoted(HOSTILE)} int)")
    role = await ops.owner.fetchval("select tableowner from pg_tables where tablename = 'orders'")
    await ops.owner.execute(f"alter table shop.{quoted(HOSTILE)} owner to {role}")
    done = await ops.run("create_index", schema_name="shop", table=HOSTILE, columns=[HOSTILE])
    assert done["built"]
    assert (await ops.run("vacuum", schema_name="shop", table=HOSTILE))["vacuums"] is not None
    assert (await ops.run("drop_index", schema_name="shop", name=done["index"]))["dropped"]
    assert await ops.owner.fetchval("select count(*) from shop.orders") == 20_000
    for schema, table in (("shop", f"{HOSTILE} "), ("shop", "nosuch"), ("pg_catalog", "pg_class")):
        with pytest.raises(ToolFailed) as failed:
            await ops.preview("vacuum", schema_name=schema, table=table)
        assert not failed.value.effect_possible
    with pytest.raises(BadArguments):
        validate(ops.tools["postgres.vacuum"], {"schema_name": "shop", "table": "a\nb"})
    assert len(index_name("t" * 60, ["c" * 60]).encode()) <= 63


async def test_who_blocks_whom_and_an_end_to_it(ops: Ops) -> None:
    holder, waiter = await asyncpg.connect(ops.url), await asyncpg.connect(ops.url)
    try:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("update shop.orders set note = 'secret words' where id = 1")
        waiting = asyncio.create_task(waiter.execute("update shop.orders set note = 'x' where id = 1"))
        while not (seen := await ops.run("locks"))["waiting"]:
            await asyncio.sleep(0.05)
        [root] = listed(seen, "blockers")
        assert root["pid"] == holder.get_server_pid()
        assert root["query"] == "update shop.orders set note = ? where id = ?"
        named = {"pid": root["pid"], "backend_start": root["backend_start"]}
        impact = await ops.preview("terminate_backend", **named)
        assert impact.counted[0].count == 1
        with pytest.raises(ToolFailed, match="is gone"):
            await ops.run("terminate_backend", pid=root["pid"], backend_start="2020-01-01T00:00:00+00:00")
        assert (await ops.run("terminate_backend", **named))["sent"]
        await asyncio.wait_for(waiting, 30)
        while (await ops.verify("terminate_backend", impact, **named)).held is not Held.YES:
            await asyncio.sleep(0.05)
        assert await ops.finding("locks") == "nobody waits for a lock"
    finally:
        holder.terminate()
        await waiter.close()


async def test_cancelling_stops_the_statement_and_keeps_the_connection(ops: Ops) -> None:
    client = await asyncpg.connect(ops.url)
    try:
        sleeping = asyncio.create_task(client.execute("select pg_sleep(600)"))
        while not (
            found := [b for b in listed(await ops.run("activity"), "backends") if "pg_sleep" in str(b["query"])]
        ):
            await asyncio.sleep(0.05)
        named = {"pid": found[0]["pid"], "backend_start": found[0]["backend_start"]}
        impact = await ops.preview("cancel_backend", **named)
        slow = await ops.run("slow_queries")
        assert slow["from"] == "pg_stat_activity"
        assert "not installed" in str(slow["note"])
        assert (await ops.run("cancel_backend", **named))["sent"]
        with pytest.raises(asyncpg.QueryCanceledError):
            await sleeping
        assert (await ops.verify("cancel_backend", impact, **named)).held is Held.YES
        assert await client.fetchval("select 1") == 1
    finally:
        await client.close()


async def test_a_change_waits_for_no_lock_longer_than_two_seconds(ops: Ops) -> None:
    """Whoever waits for a strong lock makes everybody after it wait too."""
    transaction = ops.owner.transaction()
    await transaction.start()
    await ops.owner.execute("lock table shop.orders in access exclusive mode")
    with pytest.raises(ToolFailed, match="somebody holds a lock it needs") as failed:
        await ops.run("analyze", schema_name="shop", table="orders")
    assert (failed.value.reason, failed.value.effect_possible) == ("refused", False)
    await transaction.rollback()


async def test_looking_cannot_change_anything(ops: Ops) -> None:
    from tools.postgres.connection import Operator

    async with Operator(url=ops.url).looking() as db:
        with pytest.raises(ToolFailed, match="read-only transaction"):
            await db.rows("insert into shop.orders values (-1, 0, '') returning id")


async def test_an_index_build_that_is_stopped_leaves_nothing(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.postgres.indexes.BUILD_SECONDS", 1)
    transaction = ops.owner.transaction()
    await transaction.start()
    await ops.owner.execute("update shop.orders set note = 'x' where id = 2")  # the build waits for it to end
    building = asyncio.create_task(ops.run("create_index", **ON))
    await asyncio.wait([building], timeout=3)
    await transaction.rollback()
    with pytest.raises(ToolFailed, match=r"it was stopped: .*; what was begun is gone"):
        await building
    assert await ops.owner.fetchval("select count(*) from pg_indexes where tablename = 'orders'") == 1


async def test_a_rebuild_mends_an_invalid_index_and_a_stopped_one_leaves_the_old(
    ops: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ops.owner.execute("create index broken on shop.orders (note)")
    await ops.owner.execute("update pg_index set indisvalid = false where indexrelid = 'shop.broken'::regclass")
    named: dict[str, Any] = {"schema_name": "shop", "name": "broken"}
    assert (await ops.verify("reindex_index", **named)).held is Held.NO
    done = await ops.run("reindex_index", **named)
    assert done["valid"]
    assert (await ops.verify("reindex_index", **named)).held is Held.YES
    monkeypatch.setattr("tools.postgres.indexes.BUILD_SECONDS", 1)
    transaction = ops.owner.transaction()
    await transaction.start()
    await ops.owner.execute("update shop.orders set note = 'x' where id = 2")
    building = asyncio.create_task(ops.run("reindex_index", **named))
    await asyncio.wait([building], timeout=3)
    await transaction.rollback()
    with pytest.raises(ToolFailed, match="the old index is as it was"):
        await building
    names = await ops.owner.fetch("select indexname from pg_indexes where tablename = 'orders' order by 1")
    assert [row["indexname"] for row in names] == ["broken", "orders_pkey"]


async def test_special_indexes_and_large_tables_are_left_to_people(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    await ops.owner.execute("create unique index special on shop.orders (note) where id > 5")
    for name in ("special", "orders_pkey"):
        with pytest.raises(ToolFailed, match="is for people by hand"):
            await ops.preview("drop_index", schema_name="shop", name=name)
    monkeypatch.setattr("tools.postgres.maintenance.BYTES_A_SECOND", 1000)
    with pytest.raises(ToolFailed, match="do it by hand"):
        await ops.preview("create_index", **ON)


async def test_reads_find_what_is_there(ops: Ops) -> None:
    await ops.owner.execute(
        # else PostgreSQL may clean up, at a time of its own, what is looked for below
        "alter table shop.orders set (autovacuum_enabled = off); "
        "create index a on shop.orders (customer); create index b on shop.orders (customer); "
        "delete from shop.orders where id <= 5000; analyze shop.orders"
    )
    for _ in range(3):
        await ops.owner.fetchval("select count(*) from shop.orders")
    await ops.owner.execute("select pg_stat_force_next_flush()")
    await until_analyzed(ops)
    status = await ops.run("status")
    assert int(str(status["connections"])) >= 1
    assert "connections" in await ops.finding("status")
    indexes = await ops.run("indexes")
    assert listed(indexes, "duplicate") == [{"schema": "shop", "table": "orders", "index": "b", "same_as": "a"}]
    while not any(table["dead"] for table in listed(await ops.run("vacuum_debt"), "tables")):
        await asyncio.sleep(0.05)
    assert (await ops.run("table_sizes"))["tables"]
    assert (await ops.run("settings", like="work_mem"))["settings"]
    roles = await ops.run("roles")
    assert "superusers" in await ops.finding("roles")
    assert "password" not in repr(roles).lower()


def test_the_bots_own_role_is_refused() -> None:
    url = "postgresql+asyncpg://bot:pw@db:5432/autopilot"
    with pytest.raises(SourceError, match="is the bot's own role"):
        postgres_tools("postgresql://bot:pw@db:5432/autopilot", env="prod", bots_url=url)
    with pytest.raises(SourceError, match="is no URL of a PostgreSQL") as wrong:
        postgres_tools("mysql://bot:hunter22@db/x", env="prod", bots_url=url)
    assert "hunter22" not in str(wrong.value)


def test_reads_read_and_what_has_no_undo_is_irreversible() -> None:
    tools = postgres_tools("postgresql://op@db/x", env="prod", bots_url="")
    for tool in tools:
        assert (tool.manifest.tier is Tier.REVERSIBLE) == (tool.undo is not None)


def test_values_of_others_are_not_shown() -> None:
    query = "select * from t where a = 'it''s' and b = E'x\\'y' and c = $q$z$q$ and d = 12.5 and e1 = $1"
    assert shape(query) == "select * from t where a = ? and b = ? and c = ? and d = ? and e1 = $?"
