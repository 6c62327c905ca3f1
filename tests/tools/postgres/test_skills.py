"""Every skill of the taxonomy on a real PostgreSQL: what it says of a well one, and what it mends in a sick one."""

# ruff: noqa: ASYNC110 - statistics of other sessions come when they come

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.tools.postgres.conftest import Ops
from tests.tools.postgres.skills import library_of, run
from tests.tools.postgres.test_more import with_vectors
from tests.tools.postgres.test_operator import listed

pytestmark = pytest.mark.postgres
TAXONOMY = ("operations", "maintenance", "monitoring", "security", "vector")
GIVEN: dict[str, dict[str, Any]] = {
    "vector-recall": {"schema_name": "shop", "table": "items"},
    "vector-tune": {"schema_name": "shop", "table": "items"},
    "vector-build-index": {"schema_name": "shop", "table": "items"},
    "vector-bulk-load": {"schema_name": "shop", "table": "items", "from_table": "more"},
}


async def test_every_skill_runs_to_its_end_on_a_real_database(ops: Ops) -> None:
    me = await ops.owner.fetchval("select tableowner from pg_tables where tablename = 'orders'")
    role = f"app_{await ops.owner.fetchval('select pg_backend_pid()')}"
    library = library_of(ops)
    # First: to restore pgvector, which is no trusted extension, takes more rights than the operator has.
    changed = {"pg-backup": (await run(ops, library, "pg-backup")).changed}
    await with_vectors(ops, rows=300)
    await ops.owner.execute(
        f"create table shop.more (label text, embedding vector(8)); alter table shop.more owner to {me}"
    )
    await ops.owner.execute("insert into shop.more select 'new', '[1,2,3,4,5,6,7,8]' from generate_series(1, 10)")
    await ops.owner.execute(f"grant execute on function pg_stat_reset() to {me}")
    await ops.owner.execute(f"create role {role} login; grant {role} to {me} with admin option")
    named: dict[str, dict[str, Any]] = {
        "pg-limit-role": {"role": role, "limit": 10},
        "pg-rotate-password": {"role": role},
        **GIVEN,
    }
    library = library_of(ops)
    mine = [skill for skill in library if skill.category in TAXONOMY and skill.name.startswith(("pg-", "vector-"))]
    assert len(mine) >= 30
    assert {skill.category for skill in mine} == set(TAXONOMY)
    try:
        for skill in (skill for skill in mine if skill.name not in changed):
            done = await run(ops, library, skill.name, **named.get(skill.name, {}))
            assert done.ended is not None
            assert done.ended.failed == "", skill.name
            assert done.said, skill.name
            assert not any(word in " ".join(done.said) for word in ("**Not ", "**No backup")), (skill.name, done.said)
            changed[skill.name] = done.changed
    finally:
        await ops.owner.execute(f"drop role {role}")
    assert {name: tools for name, tools in changed.items() if tools} == {
        "pg-backup": ["postgres.backup"],
        "pg-limit-role": ["postgres.limit_role"],
        "pg-reset-statistics": ["postgres.reset_statistics"],
        "pg-rotate-password": ["postgres.rotate_password"],
        "vector-build-index": ["postgres.create_vector_index"],
        "vector-bulk-load": ["postgres.vector_copy"],
    }


async def test_what_is_broken_is_found_mended_and_seen_to_be_well(ops: Ops) -> None:
    library = library_of(ops)
    await ops.owner.execute("create index one on shop.orders (id, note); create index two on shop.orders (id, note)")
    await ops.owner.execute("create index broken on shop.orders (note)")
    await ops.owner.execute("update pg_index set indisvalid = false where indexrelid = 'shop.broken'::regclass")
    await ops.owner.execute("delete from shop.orders where id > 10000")
    client = await asyncpg.connect(ops.url)
    try:
        for _ in range(3):
            await client.fetch("select id from shop.orders where customer = $1", 7)
        await client.execute("select pg_stat_force_next_flush()")
        await client.fetch("select id from shop.orders where customer = $1", 8)
        while not listed(await ops.run("index_candidates"), "candidates"):
            await asyncio.sleep(0.05)
        while not any(table["dead"] for table in listed(await ops.run("vacuum_debt"), "tables")):
            await asyncio.sleep(0.05)
        for name, tool in (
            ("pg-missing-index", "create_index"),
            ("pg-duplicate-indexes", "drop_index"),
            ("pg-invalid-indexes", "reindex_index"),
            ("pg-vacuum-debt", "vacuum"),
        ):
            done = await run(ops, library, name)
            assert done.changed == [f"postgres.{tool}"], (name, done.said)
            assert all(len(reason) < 330 for reason in done.reasons), "three lines of a card"
            if name == "pg-missing-index":
                assert done.ended is not None and done.ended.helped is True
                assert "costs" in done.reasons[0] and "with the index" in done.reasons[0]
        while any(table["dead"] for table in listed(await ops.run("vacuum_debt"), "tables")):
            await asyncio.sleep(0.05)
        for name in ("pg-missing-index", "pg-duplicate-indexes", "pg-invalid-indexes", "pg-vacuum-debt"):
            done = await run(ops, library, name)
            assert (done.changed, done.output["ok"]) == ([], True), name
    finally:
        await client.close()


async def test_the_watcher_repairs_verifies_and_alerts_when_it_does_not_recover(ops: Ops) -> None:
    library = library_of(ops)
    well = await run(ops, library, "pg-watch")
    assert (well.changed, well.alerts) == ([], [])
    assert "**Well**" in well.said[-1]
    holder, waiter = await asyncpg.connect(ops.url), await asyncpg.connect(ops.url)
    try:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("update shop.orders set note = 'x' where id = 1")
        waiting = asyncio.create_task(waiter.execute("update shop.orders set note = 'y' where id = 1"))
        while not (await ops.run("locks"))["waiting"]:
            await asyncio.sleep(0.05)
        # It has not sat for a minute: nothing is ended, the check after it finds it as it was, and people are told.
        left = await run(ops, library, "pg-watch")
        assert left.changed == []
        assert left.alerts[-1].startswith("The database has not recovered: 1 connections wait for locks")
        blocking = await run(ops, library, "pg-blocking", after_seconds=0)
        assert blocking.changed == ["postgres.terminate_backend"]
        assert blocking.ended is not None and blocking.ended.helped is True
        await asyncio.wait_for(waiting, 30)
    finally:
        holder.terminate()
        await waiter.close()


async def test_a_skill_on_a_database_that_is_gone_fails_in_words(ops: Ops) -> None:
    from tools.postgres.box import postgres_tools

    gone = postgres_tools("postgresql://op@127.0.0.1:1/x", env="prod", bots_url="")
    away = Ops(tools={tool.name: tool for tool in gone}, owner=None, url="")
    done = await run(away, library_of(away), "pg-watch")
    assert done.ended is not None
    assert "cannot be reached" in done.ended.failed
    assert "could not be checked" in done.alerts[0]
