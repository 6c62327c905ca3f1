"""Erasing: nothing of a task or a person is left in any table, and the record still proves what it did."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.orchestrator import erasing
from bot.orchestrator.requests import Said
from storage import api_tokens, audit, grants, steps
from storage.canonical import canonical
from storage.checkpoints import hashes_of
from storage.db import Database
from storage.erased import ORDER, is_emptied, told
from storage.erasing import Why
from storage.hashchain import check
from storage.persons import new_alias
from storage.tables import erasing as erasing_row
from storage.tables import metadata
from tests.builders import TENANT
from tests.orchestrator.kept import ANA, DANA, a_whole_task, everything
from tests.orchestrator.office import Office

SECRET = "Ana's private trouble"
WHY = Why(what="task", by="cli:root", reason="asked for by letter")


async def _record(db: Database) -> list[Any]:
    async with db.read() as tx:
        return list(await audit.entries(tx, TENANT, limit=10_000))


async def test_nothing_a_task_said_is_left_and_the_chain_holds(db: Database) -> None:
    other = await a_whole_task(db, DANA, "what Dana asked")
    task = await a_whole_task(db, ANA, SECRET)
    async with db.read() as tx:
        before = await hashes_of(tx, TENANT, 1, 100)
    done = await erasing.erase_tasks(db, TENANT, await erasing.tree(db, TENANT, [task.id]), WHY)
    assert done.counts["entries"] == 1 and done.counts["steps"] == 2 and done.counts["evidence"] == 1
    async with db.read() as tx:
        assert SECRET not in await everything(tx)
        assert "what Dana asked" in await everything(tx), "another task is as it was"
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
    await a_whole_task(db, ANA, "scale checkout")
    task = await a_whole_task(db, DANA, f"{DANA} asks, for <@{DANA}>")
    async with db.write() as tx:
        _, token = await api_tokens.mint(
            tx, tenant=TENANT, person=DANA, name="ci", scopes=["read"], life=3600.0, by="cli:root"
        )
        granted: dict[str, Any] = {"tenant": TENANT, "granter": DANA, "requester": ANA, "tool": "t", "groups": []}
        words = dict.fromkeys(("tool_version", "subject", "says", "proposal_id"), "x")
        await grants.give(tx, seconds=600, most=5, most_risk=9, **granted, **words)
    alias = new_alias()
    found = await erasing.asked_by(db, TENANT, DANA)
    assert [one.id for one in found] == [task.id]
    await erasing.erase_person(db, TENANT, DANA, found, WHY, alias)
    async with db.read() as tx:
        all_of_it = await everything(tx)
        assert DANA not in all_of_it
        assert "scale checkout" in all_of_it
        assert await api_tokens.find(tx, token) is None, "nothing acts in the person's name any more"
        assert await grants.standing(tx, TENANT) == []
    entries = await _record(db)
    assert check(entries) == []
    assert told(entries[0].body)["by"] == [alias], "somebody approved; nobody knows who"


async def test_an_open_task_is_not_erased(db: Database) -> None:
    await a_whole_task(db, ANA, SECRET, ended=False)
    with pytest.raises(erasing.StillOpen, match="still open are t_"):
        await erasing.asked_by(db, TENANT, ANA)


async def test_an_entry_from_before_there_were_salts_is_erased_too(db: Database) -> None:
    from storage.hashchain import GENESIS, link_hash
    from storage.tables import audit as rows
    from storage.tables import audit_heads

    task = await a_whole_task(db, ANA, "new")
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
        assert SECRET not in await everything(tx)
    assert check(entries) == []
    assert check(entries[:1]) == ["entry 1 (e) was emptied, and not by an order on the record"]


async def test_the_database_lets_nobody_empty_a_row_outside_an_erasure(db: Database) -> None:
    task = await a_whole_task(db, ANA, SECRET)
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
    await a_whole_task(db, ANA, SECRET)
    async with db.write() as tx:
        await tx.run(sa.insert(erasing_row).values(tenant=TENANT))
        await tx.run(sa.text("update audit set body = 'erased::{}', salt = '' where seq = 1"))
    assert check(await _record(db)) == [
        "entry 1 (ops.agent_task.executed) was emptied, and not by an order on the record"
    ]


def test_every_table_about_a_task_is_emptied_with_it() -> None:
    """A new one with a task_id fails here, until storage/contents.py (or the erasing of the record) takes it in."""
    emptied = {"steps", "proposals", "intents", "mandates", "evaluations", "skill_runs", "posts", "schedule_runs"}
    of_the_record, no_words = {"audit", "evidence"}, {"feedback"}
    about_a_task = {table.name for table in metadata.sorted_tables if "task_id" in table.c}
    assert about_a_task == emptied | of_the_record | no_words


async def test_what_begins_while_others_are_erased_is_not_emptied_under_its_feet(office: Office) -> None:
    """Erasing many takes minutes. Undo is pressed meanwhile: its task came of this one, and nobody looked at it."""
    done = await office.ran()
    while await office.work():
        pass
    found = await erasing.tree(office.db, TENANT, [done.task_id])
    assert (await office.undo("U0DANA", done)).said is Said.DONE
    with pytest.raises(erasing.StillOpen):
        await erasing.erase_tasks(office.db, TENANT, found, WHY)
    assert (await office.again(done)).sealed == done.sealed
    while await office.work():
        pass
    assert len(office.lab.effects) == 2
    again = await erasing.tree(office.db, TENANT, [done.task_id])
    await erasing.erase_tasks(office.db, TENANT, again, WHY)
    assert len(again) == 2 and (await office.again(done)).sealed == ""
