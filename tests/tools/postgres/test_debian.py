"""The operator's tools on Debian's PostgreSQL, which has pg_stat_statements and hypopg, and is some versions older."""

# ruff: noqa: ASYNC110 - statistics of other sessions come when they come

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.tools.postgres import debian
from tests.tools.postgres.conftest import Ops, an_operator
from tests.tools.postgres.debian import Cluster
from tests.tools.postgres.skills import library_of, run
from tests.tools.postgres.test_operator import listed

pytestmark = [pytest.mark.postgres, pytest.mark.long]
HEALTH = (
    "pg-health",
    "pg-slow-queries",
    "pg-checkpoints",
    "pg-settings",
    "pg-security",
    "pg-growth",
    "pg-unused-indexes",
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with debian.running(debian.found()) as made:
        yield made


@pytest.fixture
async def ops(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Ops]:
    async with an_operator(cluster.url, tmp_path, cluster.programs, "pg_monitor, pg_signal_backend") as made:
        await made.owner.execute("create schema ext; create extension pg_stat_statements schema ext")
        me = await made.owner.fetchval("select tableowner from pg_tables where tablename = 'orders'")
        await made.owner.execute(f"grant usage on schema ext to {me}; select ext.pg_stat_statements_reset()")
        yield made
        await made.owner.execute("drop schema ext cascade; drop extension if exists hypopg")


async def busy(ops: Ops) -> None:
    """A client that looks orders up by their customer, and has left again."""
    client = await asyncpg.connect(ops.url)
    for customer in range(20):
        await client.fetch("select note from shop.orders where customer = $1", customer)
    await client.fetch("select 'sk_live_hidden' as token, count(*) from shop.orders")
    await client.close()


async def test_slow_queries_are_those_of_all_times_without_their_values(ops: Ops) -> None:
    await busy(ops)
    seen = await ops.run("slow_queries", limit=50)
    assert (seen["from"], seen["note"]) == ("pg_stat_statements", "")
    mine = [one for one in listed(seen, "queries") if "from shop.orders where customer" in str(one["query"])]
    assert [(one["calls"], one["rows"]) for one in mine] == [(20, 800)]
    assert float(str(mine[0]["mean_ms"])) > 0
    assert [one["total_ms"] for one in listed(seen, "queries")] == sorted(
        (one["total_ms"] for one in listed(seen, "queries")), key=lambda ms: -int(str(ms))
    )
    assert "hidden" not in str(seen)
    assert await ops.finding("slow_queries", limit=3) == "3 statements from pg_stat_statements"


async def test_where_it_may_not_be_read_the_tools_say_so_and_use_what_there_is(ops: Ops) -> None:
    me = await ops.owner.fetchval("select tableowner from pg_tables where tablename = 'orders'")
    await ops.owner.execute(f"revoke usage on schema ext from {me}")
    seen = await ops.run("slow_queries")
    assert seen["from"] == "pg_stat_activity"
    assert "in schema 'ext', which the operator's role may not use" in str(seen["note"])
    assert (await ops.run("index_candidates"))["statements_from"] == "pg_stat_activity"


async def test_a_missing_index_is_proved_from_what_has_ended_long_ago(ops: Ops) -> None:
    """No client is connected any more: pg_stat_activity would know nothing of the statement."""
    await busy(ops)
    while not listed(seen := await ops.run("index_candidates"), "candidates"):
        await asyncio.sleep(0.05)
    [one] = listed(seen, "candidates")
    assert (one["table"], one["column"], seen["statements_from"]) == ("orders", "customer", "pg_stat_statements")
    assert "statistics" in str(seen["note"])


async def test_with_hypopg_the_planner_itself_says_what_the_index_would_bring(ops: Ops) -> None:
    await ops.owner.execute("create extension hypopg schema ext")
    await busy(ops)
    while not listed(seen := await ops.run("index_candidates"), "candidates"):
        await asyncio.sleep(0.05)
    [one] = listed(seen, "candidates")
    assert "hypopg" in str(seen["note"])
    thought = float(str(one["cost_with_index"]))
    assert 0 < thought < float(str(one["cost_now"])) / 2
    assert await ops.owner.fetchval("select count(*) from pg_indexes where tablename = 'orders'") == 1, "none was built"
    await ops.run("create_index", schema_name="shop", table="orders", columns=["customer"])
    plan = await ops.owner.fetch(
        "explain select * from shop.orders where customer = (select x.customer from shop.orders x limit 1)"
    )
    real = float(str(plan[0][0]).partition("..")[2].partition(" ")[0])
    assert real / 2 < thought < real * 2, "what was promised is what came"


async def test_health_skills_work_on_an_older_version(ops: Ops) -> None:
    library = library_of(ops)
    for name in HEALTH:
        done = await run(ops, library, name)
        assert done.ended is not None and done.ended.failed == "", (name, done.said)
    slow = await run(ops, library, "pg-slow-queries")
    assert slow.output["from"] == "pg_stat_statements"
