"""The operator's other tools against a real PostgreSQL: vectors, backups, passwords, limits, audits, advice."""

# ruff: noqa: ASYNC110 - statistics of other sessions come when they come

import asyncio
import random
import stat
import traceback
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.tools.postgres.conftest import Ops
from tests.tools.postgres.test_operator import listed
from tools.contract import Held, ToolFailed, answered
from tools.postgres.backups import environment
from tools.postgres.passwords import scram

pytestmark = pytest.mark.postgres
ON: dict[str, Any] = {"schema_name": "shop", "table": "items", "column": "embedding"}


async def with_vectors(ops: Ops, rows: int = 1500) -> None:
    role = await ops.owner.fetchval("select tableowner from pg_tables where tablename = 'orders'")
    await ops.owner.execute("create extension vector")
    await ops.owner.execute(
        f"create table shop.items (id int generated always as identity primary key, label text, embedding vector(8));"
        f"alter table shop.items owner to {role}"
    )
    chance = random.Random(1)  # noqa: S311 - test data
    vectors = [[round(chance.gauss(0, 1), 3) for _ in range(8)] for _ in range(rows)]
    labels = [f"item {n}" for n in range(20)]
    done = await ops.run("vector_insert", **ON, vectors=vectors[:20], labels=labels, label_column="label")
    assert done["inserted"] == 20
    await ops.owner.execute("create table shop.staged (label text, embedding vector(8), beside int)")
    await ops.owner.execute(f"alter table shop.staged owner to {role}")
    rest = [str(vector) for vector in vectors[20:]]
    await ops.owner.execute("insert into shop.staged select 'x', v::vector from unnest($1::text[]) v", rest)
    staged: dict[str, Any] = {**ON, "from_table": "staged"}
    assert (await ops.preview("vector_copy", **staged)).counted[0].count == rows - 20
    assert (await ops.run("vector_copy", **staged))["inserted"] == rows - 20
    await ops.owner.execute("analyze shop.items; drop table shop.staged")


async def test_vectors_are_inserted_searched_indexed_and_measured(ops: Ops) -> None:
    assert (await ops.run("vector_columns"))["installed"] is False
    with pytest.raises(ToolFailed, match="pgvector is not installed"):
        await ops.run("vector_search", **ON, vector=[0.0] * 8)
    await with_vectors(ops)
    [column] = listed(await ops.run("vector_columns"), "columns")
    assert (column["dimensions"], column["indexed"]) == (8, False)
    before = await ops.run("vector_benchmark", **ON, queries=5)
    assert before["recall_at_k"] == 1.0
    impact = await ops.preview("create_vector_index", **ON)
    assert {change.label for change in impact.changes} >= {"lock", "takes about"}
    await ops.run("create_vector_index", **ON, m=8, ef_construction=32)
    assert (await ops.verify("create_vector_index", **ON)).held is Held.YES
    rough = await ops.run("vector_benchmark", **ON, queries=10, ef_search=10)
    fine = await ops.run("vector_benchmark", **ON, queries=10, ef_search=400)
    assert fine["indexed"]
    assert 0.5 < float(str(rough["recall_at_k"])) <= float(str(fine["recall_at_k"])) <= 1.0
    found = listed(await ops.run("vector_search", **ON, vector=[0.1] * 8, limit=3), "neighbours")
    assert [sorted(one) for one in found] == [["distance", "id"]] * 3
    with pytest.raises(ToolFailed, match="vectors of 8 parts"):
        await ops.preview("vector_insert", **ON, vectors=[[1.0, 2.0]])


async def test_dropping_a_vector_index_can_be_taken_back_as_it_was(ops: Ops) -> None:
    await with_vectors(ops, rows=50)
    await ops.run("create_vector_index", **ON, metric="l2", m=8, ef_construction=32)
    named: dict[str, Any] = {"schema_name": "shop", "name": "items_embedding_hnsw_autopilot"}
    impact = await ops.preview("drop_vector_index", **named)
    await ops.run("drop_vector_index", **named)
    assert (await ops.verify("drop_vector_index", **named)).held is Held.YES
    tool = ops.tools["postgres.drop_vector_index"]
    assert tool.undo is not None
    back = await answered(tool.undo(tool.arguments.model_validate(named), impact))
    assert back is not None
    assert (back.arguments["metric"], back.arguments["m"], back.arguments["ef_construction"]) == ("l2", 8, 32)
    await ops.run("create_vector_index", **back.arguments)
    definition = await ops.owner.fetchval("select indexdef from pg_indexes where indexname = $1", named["name"])
    assert "vector_l2_ops" in definition
    assert "m='8'" in definition


async def test_a_backup_is_proved_by_a_restore_and_leaves_no_scratch(ops: Ops, tmp_path: Path) -> None:
    impact = await ops.preview("backup")
    assert impact.counted[0].count == 1
    done = await ops.run("backup")
    assert (done["tables"], done["rows"]) == (1, 20_000)
    [kept] = (tmp_path / "dumps").iterdir()
    assert kept.name == done["file"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (await ops.verify("backup")).held is Held.YES
    left = await ops.owner.fetchval("select count(*) from pg_database where datname like 'autopilot_scratch%'")
    assert left == 0


async def test_a_backup_waits_for_no_lock_longer_than_two_seconds(ops: Ops, tmp_path: Path) -> None:
    """It holds what it has locked so far, and whoever alters that would wait with it."""
    async with ops.owner.transaction():
        await ops.owner.execute("lock table shop.orders in access exclusive mode")
        began = asyncio.get_running_loop().time()
        with pytest.raises(ToolFailed, match="pg_dump says"):
            await ops.run("backup")
        assert asyncio.get_running_loop().time() - began < 12  # and not the 20 s that it may take in all
    assert list((tmp_path / "dumps").iterdir()) == []


async def test_a_dump_that_fails_is_thrown_away_and_said(ops: Ops, tmp_path: Path) -> None:
    await ops.owner.execute("create schema closed; create table closed.t (n int)")  # the operator may not read it
    with pytest.raises(ToolFailed, match="pg_dump says") as failed:
        await ops.run("backup")
    assert not failed.value.effect_possible
    assert list((tmp_path / "dumps").iterdir()) == []
    assert "PGPASSWORD" not in environment("postgresql://op@db/x")
    assert environment("postgresql://op:p%40ss@db:6432/x")["PGPASSWORD"] == "p@ss"


async def test_a_password_goes_into_the_store_and_nowhere_else(
    ops: Ops, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    role = f"app_{await ops.owner.fetchval('select pg_backend_pid()')}"
    me = await ops.owner.fetchval("select tableowner from pg_tables where tablename = 'orders'")
    await ops.owner.execute(f"create role {role} login; grant {role} to {me} with admin option")
    try:
        impact = await ops.preview("rotate_password", role=role)
        done = await ops.run("rotate_password", role=role)
        kept = tmp_path / "secrets" / f"postgres-{role}"
        password = kept.read_text()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        said = repr(done) + repr(impact) + repr(await ops.verify("rotate_password", role=role))
        assert password not in said and len(password) >= 40
        verifier = await ops.owner.fetchval("select rolpassword from pg_authid where rolname = $1", role)
        import base64

        assert verifier == scram(password, base64.b64decode(verifier.split("$")[1].split(":")[1]))
        await ops.run("rotate_password", role=role)
        assert kept.read_text() != password
        newer = kept.read_text()
        assert kept.with_suffix(".previous").read_text() == password
        with pytest.raises(ToolFailed, match="own role"):
            await ops.run("rotate_password", role=me)
        await ops.owner.execute(f"revoke {role} from {me}")
        with pytest.raises(ToolFailed, match="may not do that") as failed:
            await ops.run("rotate_password", role=role)
        traces = "".join(traceback.format_exception(failed.value))
        activity = str(await ops.owner.fetch("select query from pg_stat_activity"))
        for value in (password, newer):
            assert value not in caplog.text + traces + activity
        assert not kept.with_suffix(".next").exists()
    finally:
        await ops.owner.execute(f"drop role {role}")


async def test_limits_are_set_and_taken_back(ops: Ops) -> None:
    role = f"pool_{await ops.owner.fetchval('select pg_backend_pid()')}"
    me = await ops.owner.fetchval("select tableowner from pg_tables where tablename = 'orders'")
    await ops.owner.execute(f"create role {role} login; grant {role} to {me} with admin option")
    try:
        impact = await ops.preview("limit_role", role=role, limit=5)
        await ops.run("limit_role", role=role, limit=5)
        assert (await ops.verify("limit_role", role=role, limit=5)).held is Held.YES
        tool = ops.tools["postgres.limit_role"]
        assert tool.undo is not None
        back = await answered(tool.undo(tool.arguments.model_validate({"role": role, "limit": 5}), impact))
        assert back is not None
        assert back.arguments == {"role": role, "limit": -1}
        with pytest.raises(ToolFailed, match="connections in all"):
            await ops.preview("limit_role", role=role, limit=9999)
        with pytest.raises(ToolFailed, match="may not do that"):  # the database is not the operator's
            await ops.run("limit_database", limit=50)
        with pytest.raises(ToolFailed, match="may not do that"):
            await ops.run("reset_statistics")
        await ops.owner.execute(f"grant execute on function pg_stat_reset() to {me}")
        assert (await ops.run("reset_statistics"))["reset"]
        assert (await ops.verify("reset_statistics")).held is Held.YES
    finally:
        await ops.owner.execute(f"drop role {role}")


async def test_audits_find_what_everybody_may_do(ops: Ops) -> None:
    await ops.owner.execute(
        "create schema wide; grant create on schema wide to public; create table wide.open (n int);"
        "grant select on wide.open to public;"
        "create function wide.risky() returns int language sql security definer as 'select 1'"
    )
    seen = await ops.run("public_access")
    assert seen["schemas"] == [{"schema": "wide"}]
    assert listed(seen, "tables") == [{"schema": "wide", "table": "open", "rights": ["SELECT"]}]
    assert listed(seen, "functions")[0]["function"] == "risky"
    tls = await ops.run("tls")
    assert (tls["tls"], tls["plain"], tls["passwords"]) == (False, 0, "scram-sha-256")
    assert "logging_collector is off" in await ops.finding("logs")


async def test_a_missing_index_is_found_by_its_statement_and_proved(ops: Ops) -> None:
    """And once it is built, there is nothing to say any more."""
    client = await asyncpg.connect(ops.url)
    try:
        for _ in range(3):
            await client.fetch("select id from shop.orders where customer = $1", 7)
        await client.execute("select pg_stat_force_next_flush()")
        await client.fetch("select id from shop.orders where customer = $1", 8)
        while not (found := listed(await ops.run("index_candidates"), "candidates")):
            await asyncio.sleep(0.05)
        [one] = found
        assert (one["table"], one["column"], one["plan_now"]) == ("orders", "customer", "Seq Scan")
        assert one["statement"] == "select id from shop.orders where customer = $?"
        assert float(one["cost_with_index"]) < float(one["cost_now"]) / 2
        await ops.run("create_index", schema_name="shop", table="orders", columns=["customer"])
        assert (await ops.run("index_candidates"))["candidates"] == []
    finally:
        await client.close()
