"""What was kept long enough goes, on the record; what is open or can still be undone does not."""

import json

import pytest
import sqlalchemy as sa

from bot.orchestrator import retention
from bot.orchestrator.retention import Keep, sweep
from storage import audit, evaluations, evidence, steps, streams, tasks
from storage.db import Database
from storage.evaluations import EvaluationKind
from storage.hashchain import check
from storage.tables import evaluations as cases
from storage.tables import evidence as results
from storage.tables import posts, proposals
from storage.tables import tasks as rows
from tests.builders import TENANT
from tests.orchestrator.kept import ANA, a_whole_task, everything

ALL = Keep(words=30, results=30, posts=30, cases=30)


async def _age(db: Database, days: float) -> None:
    """As if everything in the database were so many days older. Results cannot be changed, so their clock is moved."""
    past = days * 86_400
    async with db.write() as tx:
        await tx.run(sa.update(rows).values(finished_at=rows.c.finished_at - past))
        await tx.run(sa.update(proposals).values(finished_at=proposals.c.finished_at - past))
        await tx.run(sa.update(posts).values(created_at=posts.c.created_at - past, shown=posts.c.wanted))
        await tx.run(sa.update(cases).values(at=cases.c.at - past))


@pytest.fixture(autouse=True)
def results_age_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database lets nobody change a result's time, a test neither: any result is old here, see `held` below."""
    from storage import aging

    find = aging.old_results
    monkeypatch.setattr(aging, "old_results", lambda tx, _seconds, limit: find(tx, -60.0, limit))


async def test_old_words_results_posts_and_cases_go_and_the_chain_holds(db: Database) -> None:
    task = await a_whole_task(db, ANA, "what was asked")
    async with db.write() as tx:
        await evaluations.keep(tx, task, kind=EvaluationKind.KEPT, subject="s", request="what was asked", by=ANA)
    await _age(db, 31)
    assert await sweep(db, ALL) is False
    async with db.read() as tx:
        kept = await tasks.get(tx, TENANT, task.id)
        assert (kept.text, kept.title) == ("", "(kept for 30 days, then dropped)")
        assert await steps.of_task(tx, task) == [] and await evaluations.newest(tx, tenant=TENANT) == []
        [one] = await evidence.of_task(tx, TENANT, task.id)
        assert (one.content, one.gone) == ({}, "kept for 30 days, then dropped")
        entries = await audit.entries(tx, TENANT)
    assert check(entries) == []
    assert entries[-1].event == "ops.record.swept"
    assert json.loads(entries[-1].body)["dropped"] == {
        "tasks": 1,
        "steps": 2,
        "evidence": 1,
        "posts": 1,
        "evaluations": 1,
    }
    assert "what was asked" in entries[0].body, "the record says what it said"
    await sweep(db, ALL)
    async with db.read() as tx:
        assert len(await audit.entries(tx, TENANT)) == len(entries), "a sweep that drops nothing says nothing"


async def test_the_record_forgets_words_and_keeps_its_links(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What of an open task says stays; the rest is named by an order, and the chain and the export still verify."""
    from storage import aging

    find = aging.old_entries
    monkeypatch.setattr(aging, "old_entries", lambda tx, _seconds, limit: find(tx, -60.0, limit))
    await a_whole_task(db, ANA, "what was asked")
    open_one = await a_whole_task(db, ANA, "still open", ended=False)
    await _age(db, 31)
    await sweep(db, Keep(record=30))
    async with db.read() as tx:
        entries = await audit.entries(tx, TENANT)
        links = await audit.rows(tx, TENANT, after=0, upto=len(entries), limit=1_000)
    said = " ".join(entry.body for entry in entries)
    assert "what was asked" not in said and "still open" in said
    assert check(entries) == [] and len(links) == len(entries)
    order = json.loads(entries[-1].body)
    assert (entries[-1].event, order["by"], order["why"]) == (
        "ops.record.erased",
        "retention",
        "kept for 30 days, then dropped",
    )
    assert all(entry.body.startswith("erased:") for entry in entries if entry.task_id not in ("", open_one.id))
    await sweep(db, Keep(record=30))
    async with db.read() as tx:
        assert len(await audit.entries(tx, TENANT)) == len(entries), "orders are not emptied, so this ends"


async def test_what_is_open_young_or_can_be_undone_stays(db: Database) -> None:
    await a_whole_task(db, ANA, "still open", ended=False)
    await _age(db, 31)
    await a_whole_task(db, ANA, "of today")
    async with db.read() as tx:
        before = await everything(tx)
    assert await sweep(db, ALL) is False
    assert await sweep(db, Keep(words=0.01, results=0.01, posts=0.01)) is False, "Undo is offered for a day"
    async with db.write() as tx:  # the task ended long ago; its call ran an hour ago, by a late approval
        await tx.run(sa.update(rows).where(rows.c.finished_at.is_not(None)).values(finished_at=1.0))
    assert await sweep(db, ALL) is False
    async with db.read() as tx:
        assert (await everything(tx)).count("of today") == before.count("of today")
        assert (await everything(tx)).count("still open") == before.count("still open")
        assert (await tx.run(sa.select(results.c.gone).distinct())).scalars().all() == [""]


async def test_for_good_is_what_nobody_set(db: Database) -> None:
    await a_whole_task(db, ANA, "what was asked")
    await _age(db, 10_000)
    async with db.read() as tx:
        before = await everything(tx)
    await sweep(db, Keep())
    async with db.read() as tx:
        assert await everything(tx) == before


async def test_a_sweep_is_bounded_and_says_that_there_is_more(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(3):
        await a_whole_task(db, ANA, f"task {number}")
    await _age(db, 31)
    assert await sweep(db, Keep(words=30)) is True
    async with db.read() as tx:
        assert len((await tx.run(sa.select(rows.c.id).where(rows.c.emptied_at.is_(None)))).all()) == 1
    assert await sweep(db, Keep(words=30)) is False


async def test_the_folded_rest_of_an_answer_goes_with_its_words(db: Database) -> None:
    task = await a_whole_task(db, ANA, "tell me everything")
    async with db.write() as tx:
        stretch = await streams.begin(tx, task, owner="w", lease=60)
        await streams.end(tx, task, stretch, owner="w", upto=1, folded=["the rest"])
    await _age(db, 31)
    await sweep(db, Keep(words=30))
    async with db.write() as tx:
        assert await streams.unfold(tx, TENANT, task.id, 0) is None
