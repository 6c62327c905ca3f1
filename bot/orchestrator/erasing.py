"""Erasing a task or a person on request: rows are emptied some at a time, each batch with its order on the record.

Broken off at any point, it is begun again and goes on with what is left.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from storage import contents, erasing, persons, proposals, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.erasing import Why
from storage.records import OPEN_STATES, AuditEntry, JsonObject, Task

GONE = "erased on request"


class StillOpen(Exception):
    """Work is still going on; it has to end first, or its record would be of nothing."""

    def __init__(self, tasks_: list[str]) -> None:
        shown = ", ".join(tasks_[:5]) + (f" and {len(tasks_) - 5} more" if len(tasks_) > 5 else "")
        super().__init__(f"still open are {shown}; stop them or wait until they end, then erase again")


@dataclass
class Done:
    """What went, by table; `entries` are those of the record."""

    counts: dict[str, int]

    def add(self, more: JsonObject) -> None:
        for name, count in more.items():
            self.counts[name] = self.counts.get(name, 0) + (count if isinstance(count, int) else 0)


async def tree(db: Database, tenant: str, roots: list[str]) -> list[Task]:
    """The tasks, and those that came of them.

    Raises:
        NotFound: no such task in this workspace.
        StillOpen: one has not ended, or waits for people.
    """
    found: dict[str, Task] = {}
    open_ones = []
    waiting = [*roots]
    async with db.read() as tx:
        while waiting:
            key = waiting.pop(0)
            if key in found:
                continue
            found[key] = task = await tasks.get(tx, tenant, key)
            calls = await proposals.of_task(tx, tenant, key)
            if task.state not in tasks.FINAL or any(one.state in OPEN_STATES for one in calls):
                open_ones.append(key)
            waiting += await contents.children(tx, tenant, key)
    if open_ones:
        raise StillOpen(open_ones)
    return list(found.values())


async def asked_by(db: Database, tenant: str, person: str) -> list[Task]:
    """Every task of a person, with what came of it.

    Raises:
        StillOpen: one has not ended.
    """
    async with db.read() as tx:
        ids = await contents.asked_by(tx, tenant, person)
    return await tree(db, tenant, ids)


async def erase_tasks(db: Database, tenant: str, found: list[Task], why: Why) -> Done:
    """Empty all that is kept of these ended tasks, but that they were there and which tools ran by which rules.

    Raises:
        StillOpen: something came of one of them since they were looked for; those before it are empty.
    """
    done = Done(counts={})
    ids = {task.id for task in found}
    for task in found:
        named = replace(why, what=f"{why.what} {task.id}")
        done.add(await transact(db, partial(_rows_of, task=task, why=named, looked_at=ids)))
        await _until_none(db, done, partial(_entries_of, task=task, why=replace(why, what=f"{why.what} {task.id}")))
    return done


async def _rows_of(tx: Tx, *, task: Task, why: Why, looked_at: set[str]) -> JsonObject:
    await tasks.lock(tx, task.tenant, task.id)
    since = set(await contents.children(tx, task.tenant, task.id)) - looked_at  # an Undo was pressed meanwhile
    if since:
        raise StillOpen(sorted(since))
    counts = await contents.drop_all(tx, task)
    hashes = await contents.results(tx, task.tenant, task.id)
    counts["evidence"] = await erasing.empty_evidence(tx, task.tenant, hashes, GONE)
    found = await erasing.of_task(tx, task.tenant, task.id)
    await erasing.empty(tx, task.tenant, found, why, rest=erasing.of_a_task, counts=counts)
    return {**counts, "entries": len(found)}


async def _entries_of(tx: Tx, *, task: Task, why: Why) -> JsonObject:
    found = await erasing.of_task(tx, task.tenant, task.id)
    if found:
        await erasing.empty(tx, task.tenant, found, why, rest=erasing.of_a_task)
    return {"entries": len(found)} if found else {}


async def erase_person(db: Database, tenant: str, person: str, found: list[Task], why: Why, alias: str) -> Done:
    """Empty what a person asked for, and put an alias in their place everywhere else; `found` are their tasks.

    Raises:
        StillOpen: as `erase_tasks`.
    """
    forget = persons.forgetting(person, alias)
    why = replace(why, what=f"a person, now {alias}", reason=forget(why.reason))
    done = await erase_tasks(db, tenant, found, replace(why, what=f"{why.what}: task"))
    empty = partial(erasing.empty, rest=lambda one: erasing.without(one, forget))

    async def once(tx: Tx) -> JsonObject:
        counts = await persons.withdraw(tx, tenant, person)
        counts["proposals"] = await persons.unseal(tx, tenant, person)
        about = await persons.results_about(tx, tenant, person)
        counts["evidence"] = await erasing.empty_evidence(tx, tenant, about, GONE)
        await empty(tx, tenant, [], why, counts=counts)
        return counts

    async def rows(tx: Tx) -> JsonObject:
        counts = await persons.rename(tx, tenant, person, forget)
        if counts:
            await empty(tx, tenant, [], why, counts=counts)
        return counts

    done.add(await transact(db, once))
    await _until_none(db, done, rows)
    after = 0
    while True:
        async with db.read() as tx:
            named = await erasing.that_say(tx, tenant, person, after=after)
        if not named:
            return done
        after = named[-1].seq
        said = [one for one in named if forget(one.body) != one.body]
        await transact(db, partial(_said, tenant=tenant, said=said, empty=partial(empty, why=why)))
        done.add({"entries": len(said)})


async def _said(tx: Tx, *, tenant: str, said: list[AuditEntry], empty: Callable[..., Awaitable[None]]) -> None:
    if said:
        await empty(tx, tenant, said)


async def _until_none(db: Database, done: Done, work: Callable[[Tx], Awaitable[JsonObject]]) -> None:
    while counts := await transact(db, work):
        done.add(counts)
