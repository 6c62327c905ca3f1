import pytest
import sqlalchemy as sa

from storage import tasks
from storage.clock import FURTHEST
from storage.db import Database
from storage.errors import LostRace, NotFound
from storage.records import TaskState
from storage.tables import tasks as tasks_table
from tests.builders import TENANT, a_new_task


async def test_a_created_task_is_claimed_by_one_worker_only(db: Database) -> None:
    """Two workers that claim get the task once between them."""
    async with db.write() as tx:
        made = await tasks.create(tx, a_new_task())
    async with db.write() as tx:
        first = await tasks.claim(tx, owner="a", lease=30, limit=5)
    async with db.write() as tx:
        second = await tasks.claim(tx, owner="b", lease=30, limit=5)
    assert [t.id for t in first] == [made.id]
    assert (first[0].state, first[0].owner, second) == (TaskState.RUNNING, "a", [])


async def test_a_claim_takes_no_more_than_it_may_however_postgresql_plans_it(db: Database) -> None:
    """A subquery that locks and skips is asked again for each row by a nested loop, and then finds another row."""
    async with db.write() as tx:
        for _ in range(4):
            await tasks.create(tx, a_new_task())
        for kind in ("hashjoin", "hashagg", "mergejoin", "material", "sort", "bitmapscan", "indexscan"):
            if db.is_postgres:
                await tx.run(sa.text(f"set local enable_{kind} = off"))
        for _ in range(4):
            assert len(await tasks.claim(tx, owner="a", lease=30, limit=1)) == 1
        assert await tasks.claim(tx, owner="a", lease=30, limit=1) == []


async def test_a_move_from_an_old_reading_loses(db: Database) -> None:
    """Of two writers that read the same row, one wins and the other is told so."""
    async with db.write() as tx:
        await tasks.create(tx, a_new_task())
        [task] = await tasks.claim(tx, owner="a", lease=30, limit=1)
        await tasks.move(tx, task, TaskState.NEEDS_APPROVAL)
    with pytest.raises(LostRace):
        async with db.write() as tx:
            await tasks.move(tx, task, TaskState.COMPLETED)


async def test_an_expired_lease_is_taken_back_and_a_live_one_is_not(db: Database) -> None:
    """Running goes back to the queue; the old owner's fence no longer opens anything."""
    async with db.write() as tx:
        await tasks.create(tx, a_new_task())
        await tasks.create(tx, a_new_task())
        [dead] = await tasks.claim(tx, owner="dead", lease=-1, limit=1)
        [live] = await tasks.claim(tx, owner="live", lease=60, limit=1)
        freed = await tasks.take_back(tx)
        assert [(t.id, t.state, t.owner) for t in freed] == [(dead.id, TaskState.QUEUED, None)]
        assert (await tasks.get(tx, TENANT, live.id)).owner == "live"
        with pytest.raises(LostRace):
            await tasks.touch(tx, dead, turns=3)


async def test_an_executing_task_keeps_its_state_when_its_worker_dies(db: Database) -> None:
    """Whether the call ran is a question for the intent, so the state must still say executing."""
    async with db.write() as tx:
        await tasks.create(tx, a_new_task(state=TaskState.EXECUTING))
        [task] = await tasks.claim(tx, owner="a", lease=-1, limit=1)
        assert task.state is TaskState.EXECUTING
        [freed] = await tasks.take_back(tx)
        assert (freed.state, freed.owner) == (TaskState.EXECUTING, None)


async def test_a_task_of_another_tenant_is_not_found(db: Database) -> None:
    """Knowing an id is not enough to read across tenants."""
    async with db.write() as tx:
        made = await tasks.create(tx, a_new_task())
        with pytest.raises(NotFound):
            await tasks.get(tx, "T0OTHER", made.id)


async def test_a_task_that_kills_its_worker_again_and_again_ends(db: Database) -> None:
    async with db.write() as tx:
        made = await tasks.create(tx, a_new_task())
        for _ in range(3):
            await tasks.claim(tx, owner="a", lease=-1, limit=1)
            await tasks.take_back(tx, max_attempts=3)
        ended = await tasks.get(tx, TENANT, made.id)
        assert (ended.state, ended.reason) == (TaskState.FAILED_TERMINAL, "the worker died on it again and again")


async def test_an_approved_call_goes_before_new_requests(db: Database) -> None:
    """However many requests came first; and a worker with no room for requests takes approved calls alone."""
    async with db.write() as tx:
        for _ in range(3):
            await tasks.create(tx, a_new_task())
        approved = await tasks.create(tx, a_new_task(state=TaskState.EXECUTING))
        [first] = await tasks.claim(tx, owner="a", lease=30, limit=1)
        assert first.id == approved.id
        assert await tasks.claim(tx, owner="a", lease=30, limit=5, approved_only=True) == []


async def test_a_clock_that_was_set_back_keeps_no_task_waiting(db: Database) -> None:
    """It was due at once, by a clock that went an hour ahead; what was put off on purpose still waits."""
    async with db.write() as tx:
        made = await tasks.create(tx, a_new_task())
        ahead = {name: tasks_table.c[name] + 3600 for name in ("due_at", "created_at", "updated_at")}
        await tx.run(tasks_table.update().values(ahead))
        [task] = await tasks.claim(tx, owner="a", lease=30, limit=5)
        assert task.id == made.id
        for delay in (10.0, 5 * FURTHEST):
            await tasks.move(tx, task, TaskState.FAILED_RETRYABLE, delay=delay)
            assert await tasks.claim(tx, owner="b", lease=30, limit=5) == []
            await tx.run(tasks_table.update().values(due_at=0))
            [task] = await tasks.claim(tx, owner="a", lease=30, limit=5)
