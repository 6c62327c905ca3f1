"""The execution ledger: the row that says "this will run", written before it runs, and its outcome."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.errors import LostRace
from storage.ids import new_id
from storage.inserts import insert_new
from storage.records import Intent, IntentState, JsonObject
from storage.tables import intents


@dataclass(frozen=True, kw_only=True)
class NewIntent:
    """What is known when a call is about to run."""

    key: str
    tenant: str
    task_id: str
    invoked_by: str
    skill: str
    tool: str
    tool_version: str
    tier: str
    approved_by: list[str]
    dry_run: bool
    reason_code: str
    rules: list[str]
    input: JsonObject
    idempotency_key: str
    correlation_id: str
    agent_version: str
    policy_version: str
    env: str = ""
    target: str = ""
    blast: int = 0


def _record(row: sa.Row[Any]) -> Intent:
    values = {name: row._mapping[name] for name in Intent.__dataclass_fields__}
    return Intent(**{**values, "state": IntentState(row.state)})


async def begin(tx: Tx, new: NewIntent) -> Intent:
    """Write the intent: who writes it may run the call.

    Raises:
        LostRace: the key is taken, so another worker has begun this call.
    """
    values = {name: getattr(new, name) for name in NewIntent.__dataclass_fields__}
    row = (
        await tx.run(
            insert_new(tx, intents)
            .values(id=new_id("i"), state=IntentState.STARTED, started_at=now(), **values)
            .returning(intents)
        )
    ).one_or_none()
    if row is None:
        raise LostRace("call", new.key)
    return _record(row)


_LOCK = 0x6368616E
"""PostgreSQL's advisory lock, one for each tenant: held by whoever begins a change"""
_ALONE = sa.text(f"select pg_advisory_xact_lock({_LOCK}, hashtext(:tenant))")


async def one_at_a_time(tx: Tx, tenant: str) -> None:
    """Let this tenant's changes be begun one after the other until the transaction ends: what is read is what counts.

    Without it, two replicas could each find room for one change more.
    """
    if tx.conn.dialect.name == "postgresql":  # SQLite's write transactions already wait for each other
        await tx.run(_ALONE, {"tenant": tenant})


async def find(tx: Tx, tenant: str, key: str) -> Intent | None:
    """The intent of this key, or None: then the call has certainly not run."""
    row = (await tx.run(sa.select(intents).where(intents.c.tenant == tenant, intents.c.key == key))).one_or_none()
    return None if row is None else _record(row)


async def finish(
    tx: Tx,
    intent: Intent,
    state: IntentState,
    *,
    outcome: str,
    output: JsonObject | None = None,
    evidence: str | None = None,
) -> Intent:
    """Write what came of it. Only a started or doubtful intent can be finished, and only once.

    Raises:
        LostRace: somebody else wrote its outcome.
    """
    row = (
        await tx.run(
            intents.update()
            .where(
                intents.c.id == intent.id,
                intents.c.state == intent.state,
                intents.c.state.in_((IntentState.STARTED, IntentState.IN_DOUBT)),
            )
            .values(state=state, outcome=outcome, output=output, evidence=evidence, finished_at=now())
            .returning(intents)
        )
    ).one_or_none()
    if row is None:
        raise LostRace("intent", intent.key)
    return _record(row)


async def calls_since(tx: Tx, tenant: str, tool: str, seconds: float) -> tuple[int, int, int]:
    """(calls, failed calls) of one tool in the last `seconds`, and (third) whether it ever ran before (0 or 1)."""
    recent = sa.select(sa.func.count(), sa.func.count().filter(intents.c.state == IntentState.FAILED)).where(
        intents.c.tenant == tenant, intents.c.tool == tool, intents.c.started_at > now() - seconds
    )
    row: Any = (await tx.run(recent)).one()
    calls, failed = int(row[0]), int(row[1])
    if calls:
        return calls, failed, 1
    ever = sa.select(intents.c.id).where(intents.c.tenant == tenant, intents.c.tool == tool).limit(1)
    return 0, 0, int((await tx.run(ever)).first() is not None)


async def changes_since(tx: Tx, tenant: str, task_id: str, seconds: float) -> list[Intent]:
    """What changed or may have changed something: all of the last `seconds`, and all of this task."""
    changed = sa.select(intents).where(
        intents.c.tenant == tenant,
        intents.c.tier != "read",
        sa.not_(intents.c.dry_run),
        intents.c.state.in_((IntentState.STARTED, IntentState.RAN, IntentState.IN_DOUBT)),
    )
    lately = (await tx.run(changed.where(intents.c.started_at > now() - seconds))).all()
    here = (await tx.run(changed.where(intents.c.task_id == task_id))).all()
    return list({row.id: _record(row) for row in (*lately, *here)}.values())


async def of_task(tx: Tx, tenant: str, task_id: str) -> list[Intent]:
    """The ledger lines of one task, in order."""
    rows = await tx.run(
        sa.select(intents)
        .where(intents.c.tenant == tenant, intents.c.task_id == task_id)
        .order_by(intents.c.started_at, intents.c.id)
    )
    return [_record(row) for row in rows]


async def recent(tx: Tx, tenant: str, *, since: float, limit: int = 1000) -> list[Intent]:
    """Ledger lines since then, newest first."""
    rows = await tx.run(
        sa.select(intents)
        .where(intents.c.tenant == tenant, intents.c.started_at >= since)
        .order_by(intents.c.started_at.desc())
        .limit(limit)
    )
    return [_record(row) for row in rows]
