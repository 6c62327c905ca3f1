"""Erasing: nothing of a task or a person is left in any table, and the record still proves what it did."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.orchestrator import erasing
from storage import api_tokens, audit, evidence, feedback, intents, posts, proposals, steps, tasks
from storage.canonical import canonical, digest
from storage.checkpoints import hashes_of
from storage.db import Database, Tx
from storage.erased import ORDER, is_emptied, told
from storage.erasing import Why
from storage.hashchain import check
from storage.intents import NewIntent
from storage.persons import new_alias
from storage.records import JsonObject, PostKind, ProposalState, StepKind, Task, TaskState
from storage.tables import erasing as erasing_row
from storage.tables import metadata
from tests.builders import TENANT, a_new_task

SECRET = "Ana's private trouble"
ANA, DANA = "U0ANA77", "U0DANA7"
WHY = Why(what="task", by="cli:root", reason="asked for by letter")


async def _task(db: Database, requester: str, words: str, *, ended: bool = True) -> Task:
    """A task with a row of everything, in which Dana approved."""
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task(requester=requester, text=words, title=words))
        sealed = canonical({"says": words, "task": task.id, "requester": requester})
        key = digest(sealed)
        call: dict[str, Any] = {"tenant": TENANT, "task_id": task.id, "call_id": "c1", "tool": "lab.set"}
        made = await proposals.create(tx, proposal_id=key, sealed=sealed, expires_at=2e9, **call)
        await proposals.vote(tx, tenant=TENANT, proposal_id=key, voter=DANA, approve=True, reason=words)
        if ended:
            await proposals.move(tx, made, ProposalState.RAN, outcome=words)
            [task] = await tasks.claim(tx, owner="w", lease=60, limit=1)
            task = await tasks.move(tx, task, TaskState.COMPLETED, reason=words)
        await steps.append(tx, task, 0, [(StepKind.USER, {"text": words}), (StepKind.SAID, {"text": words})])
        await intents.begin(tx, _intent(task, words))
        kept = await evidence.keep(
            tx, tenant=TENANT, task_id=task.id, tool="lab.set", label=words, content={"of": words}
        )
        await posts.want(
            tx, tenant=TENANT, kind=PostKind.CARD, subject=key, channel="C0INC", task_id=task.id, body={"s": words}
        )
        await feedback.keep(tx, task, requester, "good")
        said: JsonObject = {
            "tool": "lab.set",
            "proposal": key,
            "by": [DANA],
            "who": requester,
            "words": words,
            "evidence": kept,
        }
        await audit.append(tx, TENANT, "ops.agent_task.executed", task_id=task.id, body=said)
    return task


def _intent(task: Task, words: str) -> NewIntent:
    names = ("skill", "tool", "tool_version", "tier", "reason_code", "idempotency_key", "correlation_id")
    fixed: dict[str, Any] = dict.fromkeys(names, "x")
    more: dict[str, Any] = {"agent_version": "a", "policy_version": "p", "rules": [], "dry_run": False}
    who: dict[str, Any] = {"invoked_by": task.requester, "approved_by": [DANA], "input": {"of": words}}
    return NewIntent(key=f"call:{task.id}", tenant=TENANT, task_id=task.id, **fixed, **more, **who)


async def _everything(tx: Tx) -> str:
    """All that the database holds, as text."""
    rows = [row for table in metadata.sorted_tables for row in (await tx.run(sa.select(table))).all()]
    return json.dumps([[str(value) for value in row] for row in rows], ensure_ascii=False)


async def _record(db: Database) -> list[Any]:
    async with db.read() as tx:
        return list(await audit.entries(tx, TENANT, limit=10_000))


async def test_nothing_a_task_said_is_left_and_the_chain_holds(db: Database) -> None:
    other = await _task(db, DANA, "what Dana asked")
    task = await _task(db, ANA, SECRET)
    async with db.read() as tx:
        before = await hashes_of(tx, TENANT, 1, 100)
    done = await erasing.erase_tasks(db, TENANT, await erasing.tree(db, TENANT, [task.id]), WHY)
    assert done.counts["entries"] == 1 and done.counts["steps"] == 2 and done.counts["evidence"] == 1
    async with db.read() as tx:
        assert SECRET not in await _everything(tx)
        assert "what Dana asked" in await _everything(tx), "another task is as it was"
        assert (await hashes_of(tx, TENANT, 1, 100))[: len(before)] == before
        assert len(await steps.of_task(tx, other)) == 2
    entries = await _record(db)
    assert check(entries) == []
    order = told(entries[-1].body)
    assert (entries[-1].event, order["what"], order["why"]) == (ORDER, f"task {task.id}", "asked for by letter")
    assert [one.seq for one in entries if is_emptied(one.body)] == [entries[-2].seq]
    assert '"tool":"lab.set"' in entries[-2].body, "which tool ran stays"
    again = await erasing.erase_tasks(db, TENANT, await erasing.tree(db, TENANT, [task.id]), WHY)
    assert again.counts["entries"] == 0 and check(await _record(db)) == []


async def test_a_person_is_nobody_anywhere_and_what_others_did_stays(db: Database) -> None:
    await _task(db, ANA, "scale checkout")
    task = await _task(db, DANA, f"{DANA} asks, for <@{DANA}>")
    async with db.write() as tx:
        _, token = await api_tokens.mint(
            tx, tenant=TENANT, person=DANA, name="ci", scopes=["read"], life=3600.0, by="cli:root"
        )
    alias = new_alias()
    found = await erasing.asked_by(db, TENANT, DANA)
    assert [one.id for one in found] == [task.id]
    await erasing.erase_person(db, TENANT, DANA, found, WHY, alias)
    async with db.read() as tx:
        everything = await _everything(tx)
        assert DANA not in everything
        assert "scale checkout" in everything
        assert await api_tokens.find(tx, token) is None, "nothing acts in the person's name any more"
    entries = await _record(db)
    assert check(entries) == []
    assert told(entries[0].body)["by"] == [alias], "somebody approved; nobody knows who"


async def test_an_open_task_is_not_erased(db: Database) -> None:
    await _task(db, ANA, SECRET, ended=False)
    with pytest.raises(erasing.StillOpen, match="still open are t_"):
        await erasing.asked_by(db, TENANT, ANA)


async def test_an_entry_from_before_there_were_salts_is_erased_too(db: Database) -> None:
    from storage.hashchain import GENESIS, link_hash
    from storage.tables import audit as rows
    from storage.tables import audit_heads

    task = await _task(db, ANA, "new")
    values: dict[str, Any] = {"tenant": "T0OLD", "seq": 1, "at": 1.5, "event": "e", "task_id": task.id}
    values |= {"correlation_id": "", "body": canonical({"words": SECRET}), "prev": GENESIS}
    hashed = link_hash(**values)
    async with db.write() as tx:
        await tx.run(rows.insert().values(**values, hash=hashed))
        await tx.run(audit_heads.insert().values(tenant="T0OLD", seq=1, hash=hashed))
        old = await audit.entries(tx, "T0OLD")
    assert check(old) == []
    from storage import erasing as record

    async with db.write() as tx:
        await record.empty(tx, "T0OLD", old, WHY, rest=record.of_a_task)
    async with db.read() as tx:
        entries = await audit.entries(tx, "T0OLD")
        assert SECRET not in await _everything(tx)
    assert check(entries) == []
    assert check(entries[:1]) == ["entry 1 (e) was emptied, and not by an order on the record"]


async def test_the_database_lets_nobody_empty_a_row_outside_an_erasure(db: Database) -> None:
    task = await _task(db, ANA, SECRET)
    for statement in (
        "update audit set body = 'erased::{}', salt = ''",
        "update evidence set content = '{}', label = '', gone = 'x'",
        "insert into erasing (tenant) values ('T0OTHER'); update audit set body = 'erased::{}', salt = ''",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with db.write() as tx:
                for part in statement.split("; "):
                    await tx.run(sa.text(part))
    for change in ("event = 'x'", "body = '{}'", "hash = 'x'", "seq = seq + 100"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with db.write() as tx:
                await tx.run(sa.insert(erasing_row).values(tenant=TENANT))
                await tx.run(sa.text(f"update audit set salt = '', {change}"))  # noqa: S608 - ours
    await erasing.erase_tasks(db, TENANT, [task], WHY)
    with pytest.raises(DBAPIError, match="append-only"):
        async with db.write() as tx:
            await tx.run(sa.insert(erasing_row).values(tenant=TENANT))
            order = f"update audit set salt = '', body = 'erased::{{}}' where event = '{ORDER}'"  # noqa: S608 - ours
            await tx.run(sa.text(order))


async def test_what_was_emptied_without_an_order_is_named(db: Database) -> None:
    """Whoever has the database can empty a row as the erasure does; the record then says that nobody ordered it."""
    await _task(db, ANA, SECRET)
    async with db.write() as tx:
        await tx.run(sa.insert(erasing_row).values(tenant=TENANT))
        await tx.run(sa.text("update audit set body = 'erased::{}', salt = '' where seq = 1"))
    assert check(await _record(db)) == [
        "entry 1 (ops.agent_task.executed) was emptied, and not by an order on the record"
    ]
