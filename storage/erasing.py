"""Emptying the record: what entries and results said goes, their links and hashes stay, and an order says it was so.

Whoever empties rows does it under `begun`, in the transaction that appends the order; the triggers allow it nowhere
else, and no check of the chain passes an emptied entry that no order names.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import sqlalchemy as sa

from storage import audit
from storage.canonical import canonical
from storage.db import Tx
from storage.erased import ORDER, emptied, is_emptied, left, named_by, rest_of, told
from storage.inserts import insert_new
from storage.records import AuditEntry, JsonObject, JsonValue
from storage.tables import audit as entries
from storage.tables import erasing, evidence, proposals, seals

STAYS = (
    *("tool", "tool_version", "tier", "rules", "proposal", "intent", "reason_code", "env", "risk"),
    *("agent", "agent_version", "policy_version", "dry_run"),
)
"""what of an erased task's entries stays: which tool, by which rules; never with which values, never words"""
AT_ONCE = 500
"""entries in one transaction and under one order"""


@dataclass(frozen=True, kw_only=True)
class Why:
    """What stands on the record of an erasure; nothing in it may name who was erased."""

    what: str
    by: str
    reason: str


@asynccontextmanager
async def begun(tx: Tx, tenant: str) -> AsyncIterator[None]:
    """Inside, rows of this tenant's record can be emptied."""
    await tx.run(insert_new(tx, erasing).values(tenant=tenant))
    yield
    await tx.run(erasing.delete().where(erasing.c.tenant == tenant))


_EMPTY = (
    entries.update()
    .where(entries.c.tenant == sa.bindparam("of"), entries.c.seq == sa.bindparam("at_"))
    .values(body=sa.bindparam("left_"), salt="")
)


async def empty(
    tx: Tx,
    tenant: str,
    found: Sequence[AuditEntry],
    why: Why,
    *,
    rest: Callable[[AuditEntry], str],
    counts: JsonObject | None = None,
) -> None:
    """Empty these entries but for what `rest` gives of each (canonical JSON), and say so on the record."""
    named: list[JsonValue] = []
    async with begun(tx, tenant):
        for entry in found:
            after = replace(entry, body=emptied(entry, rest(entry)), salt="")
            await tx.run(_EMPTY, {"of": tenant, "at_": entry.seq, "left_": after.body})
            named.append([entry.seq, left(after)])
    body: JsonObject = {"what": why.what, "by": why.by, "why": why.reason, "entries": named}
    await audit.append(tx, tenant, ORDER, body={**body, **({"rows": counts} if counts else {})})


async def empty_evidence(tx: Tx, tenant: str, hashes: Sequence[str], gone: str) -> int:
    """Empty these results; `gone` says why. How many still said something. The caller appends what tells of it."""
    which = sa.and_(evidence.c.tenant == tenant, evidence.c.hash.in_(hashes), evidence.c.gone == "")
    async with begun(tx, tenant):
        return int((await tx.run(evidence.update().where(which).values(content="{}", label="", gone=gone))).rowcount)


async def empty_seals(tx: Tx, tenant: str, ids: Sequence[str]) -> int:
    """Empty these sealed calls, and the copies that nobody else may touch."""
    async with begun(tx, tenant):
        await tx.run(seals.update().where(seals.c.tenant == tenant, seals.c.id.in_(ids)).values(sealed=""))
    mine = sa.and_(proposals.c.tenant == tenant, proposals.c.id.in_(ids))
    return int((await tx.run(proposals.update().where(mine).values(sealed="", outcome=""))).rowcount)


def of_a_task(entry: AuditEntry) -> str:
    """What stays of an entry about an erased task."""
    said = told(entry.body)
    return canonical({name: said[name] for name in STAYS if name in said})


async def of_task(tx: Tx, tenant: str, task_id: str, *, limit: int = AT_ONCE) -> list[AuditEntry]:
    """Entries about a task that still say more than an erased one may, oldest first."""
    mine = sa.and_(entries.c.tenant == tenant, entries.c.task_id == task_id, entries.c.event != ORDER)
    return await _some(tx, sa.and_(mine, entries.c.body.not_like("erased:%")), limit)


async def that_say(tx: Tx, tenant: str, word: str, *, after: int, limit: int = AT_ONCE) -> list[AuditEntry]:
    """Entries behind `after` whose words hold this one."""
    mine = sa.and_(entries.c.tenant == tenant, entries.c.seq > after, entries.c.event != ORDER)
    return await _some(tx, sa.and_(mine, entries.c.body.contains(word, autoescape=True)), limit)


async def orders_of(tx: Tx, tenant: str, found: Sequence[AuditEntry]) -> list[AuditEntry]:
    """The orders by which some of these entries were emptied, besides those among them."""
    gone = {entry.seq for entry in found if is_emptied(entry.body)}
    if not gone:
        return []
    orders = sa.and_(entries.c.tenant == tenant, entries.c.event == ORDER, entries.c.seq > min(gone))
    here = {entry.seq for entry in found}
    every = [one for one in await _some(tx, orders, 1_000_000) if one.seq not in here]
    return [one for one in every if gone & named_by(one)]


async def _some(tx: Tx, which: sa.ColumnElement[bool], limit: int) -> list[AuditEntry]:
    rows = await tx.run(sa.select(entries).where(which).order_by(entries.c.seq).limit(limit))
    return [audit.record(row) for row in rows]


def without(entry: AuditEntry, forget: Callable[[str], str]) -> str:
    """All that an entry says, in which `forget` replaced somebody."""
    return forget(rest_of(entry.body))
