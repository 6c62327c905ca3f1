import asyncio
import hashlib
from dataclasses import replace

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from storage import audit, evidence
from storage.db import Database
from storage.hashchain import check, link_hash
from tests.builders import TENANT


async def _three(db: Database) -> None:
    for n in range(3):
        async with db.write() as tx:
            await audit.append(tx, TENANT, "ops.agent_task.created", task_id=f"t{n}", body={"n": n})


async def test_concurrent_writers_make_one_unbroken_chain(db: Database) -> None:
    """Twenty transactions at once still give 1..20, each linked to the one before."""

    async def write(n: int) -> None:
        async with db.write() as tx:
            await audit.append(tx, TENANT, "e", body={"n": n})

    await asyncio.gather(*(write(n) for n in range(20)))
    async with db.read() as tx:
        found = await audit.entries(tx, TENANT)
    assert [e.seq for e in found] == list(range(1, 21))
    assert check(found) == []


async def test_a_changed_dropped_or_reordered_entry_is_named(db: Database) -> None:
    await _three(db)
    async with db.read() as tx:
        one, two, three = await audit.entries(tx, TENANT)
    assert check([one, replace(two, body='{"n":9}'), three]) == [
        "entry 2 (ops.agent_task.created) was changed after it was written"
    ]
    assert check([one, three]) == ["entry 2 is missing: 3 follows 1"]
    assert check([two, one, three])[0] == "entry 1 is missing: 2 follows 0"


@pytest.mark.parametrize(
    "statement",
    ["update audit set body = '{}'", "delete from audit", "delete from evidence", "update evidence set label = 'x'"],
)
async def test_the_database_refuses_to_change_the_record(db: Database, statement: str) -> None:
    """Triggers, not manners: any SQL that changes or deletes a row of the record fails."""
    await _three(db)
    async with db.write() as tx:
        await evidence.keep(tx, tenant=TENANT, task_id="t", tool="x.y", label="l", content={"a": 1})
    with pytest.raises(DBAPIError, match="append-only"):
        async with db.write() as tx:
            await tx.run(sa.text(statement))


async def test_an_entry_of_a_rolled_back_change_leaves_no_trace(db: Database) -> None:
    await _three(db)
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await audit.append(tx, TENANT, "never")
            raise RuntimeError
    async with db.read() as tx:
        assert [e.event for e in await audit.entries(tx, TENANT)] == ["ops.agent_task.created"] * 3


@given(st.lists(st.text(), min_size=7, max_size=7), st.integers(0, 2**53 - 1), st.floats(0, 4e9))
def test_a_link_is_hashed_over_its_canonical_form(texts: list[str], seq: int, at: float) -> None:
    tenant, event, task_id, correlation_id, body, prev, _ = texts
    parts: list[str | int] = [tenant, seq, f"{at:.6f}", event, task_id, correlation_id, body, prev]
    assert (
        link_hash(
            tenant=tenant,
            seq=seq,
            at=at,
            event=event,
            task_id=task_id,
            correlation_id=correlation_id,
            body=body,
            prev=prev,
        )
        == hashlib.sha256(rfc8785.dumps([*parts])).hexdigest()
    )
