"""Many hands at once on one task: no deadlock, no lost word, one end."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.brains.base import Saying
from bot.lifecycle.hooks import Hooks
from bot.orchestrator import sweeps
from bot.orchestrator.requests import Answer, Said
from storage import steps, tasks
from storage.attempts import ATTEMPTS, transact
from storage.db import Database, Tx
from storage.records import ProposalState, StepKind, TaskState
from tests.builders import TENANT, a_new_task
from tests.orchestrator.office import DONE, Office
from tests.tools.asking import entries


async def test_everybody_at_once_on_one_proposal(office: Office) -> None:
    """Votes, edit, stop, sweep and heartbeat together, eight rounds: each is answered and one state remains."""
    ends = set()
    for number in range(8):
        proposal = await office.proposed("U0ANA" if number % 2 else "U0RILEY")
        async with asyncio.timeout(20):
            answers = await asyncio.gather(
                office.approve("U0DANA", proposal),
                office.approve("U0SAM", proposal),
                office.reject("U0SAM", proposal),
                office.edit("U0DANA", proposal, value=9),
                office.desk.stop(TENANT, proposal.task_id, "U0ANA") if number % 4 == 0 else asyncio.sleep(0),
                sweeps.expire(office.db),
                sweeps.take_back(office.db),
            )
        assert all(isinstance(a, Answer) and a.said is not Said.INVALID and a.message for a in answers[:3])
        ended = await office.again(proposal)
        ends.add(ended.state)
        assert ended.state in (ProposalState.REJECTED, ProposalState.SUPERSEDED, ProposalState.CANCELLED)
        while await office.work():
            pass
        waits = (await office.task(proposal)).state
        assert waits in (TaskState.COMPLETED, TaskState.CANCELLED, TaskState.NEEDS_APPROVAL)
    assert office.lab.effects == [] and await entries(office.db, "proposed_action")


async def test_twenty_writers_of_one_transcript_each_get_a_line(db: Database) -> None:
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task())

    async def say(number: int) -> None:
        async with db.write() as tx:
            await steps.append(tx, task, 0, [(StepKind.USER, {"text": str(number), "by": "U"})])

    await asyncio.gather(*(say(number) for number in range(20)))
    async with db.read() as tx:
        found = await steps.of_task(tx, task)
    assert [s.seq for s in found] == list(range(20)) and len({s.body["text"] for s in found}) == 20


async def test_a_deadlock_is_tried_again_and_both_writes_land(db: Database) -> None:
    """Two transactions that lock two rows crosswise: PostgreSQL ends one of them, and its work is done again."""
    async with db.write() as tx:
        pair = [(await tasks.create(tx, a_new_task())).id for _ in range(2)]
    met = asyncio.Barrier(2)
    tries = 0

    async def cross(order: list[str]) -> None:
        first = True

        async def work(tx: Tx) -> None:
            nonlocal first, tries
            tries += 1
            await tasks.ask_to_stop(tx, TENANT, order[0])
            if first and db.is_postgres:  # SQLite has one writer, so the two cannot meet
                first = False
                await met.wait()
            await tasks.ask_to_stop(tx, TENANT, order[1])

        await transact(db, work)

    await asyncio.gather(cross(pair), cross(pair[::-1]))
    async with db.read() as tx:
        assert all([(await tasks.get(tx, TENANT, one)).stop_requested for one in pair])
    assert tries == (3 if db.is_postgres else 2)


async def test_another_error_of_the_database_is_not_tried_again(db: Database) -> None:
    tries = 0

    async def work(tx: Tx) -> None:
        nonlocal tries
        tries += 1
        await tx.run(sa.text("select * from nowhere"))

    with pytest.raises(DBAPIError):
        await transact(db, work)
    assert tries == 1 < ATTEMPTS


async def test_words_that_arrive_while_a_turn_ends_are_part_of_the_task(office: Office) -> None:
    """The turn's end waits for the words that are being written, and then the brain is asked once more."""
    office.script[:] = [DONE, [Saying(delta="heard you")]]
    task = await office.ask()
    claimed = await office.claim()
    assert claimed is not None
    async with office.db.write() as tx:
        await steps.append(tx, task, 0, [(StepKind.USER, {"text": "and search?", "by": "U0ANA"})])
        working = asyncio.create_task(office.worker()._work(Hooks(claimed, 60.0)))
        await _waits_for_us(office.db, working)
    await working
    async with office.db.read() as tx:
        kinds = [s.kind for s in await steps.of_task(tx, task)]
    assert kinds == [StepKind.USER, StepKind.USER, StepKind.SAID, StepKind.SAID]


async def _waits_for_us(db: Database, working: asyncio.Task[None]) -> None:
    """Until the other transaction stands in the queue behind ours."""
    waiting = sa.text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    while db.is_postgres:
        assert not working.done(), "it did not wait"
        async with db.read() as tx:
            if (await tx.run(waiting)).scalar_one():
                return
    await asyncio.sleep(0)  # SQLite has one writer: whoever comes waits for the connection
