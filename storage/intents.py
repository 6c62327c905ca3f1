"""The execution ledger: the row that says "this will run", written before it runs, and its outcome."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.errors import LostRace
from storage.ids import new_id
from storage.inserts import new_in
from storage.plain import Plain, parsed
from storage.records import Intent, IntentState, JsonObject, NewIntent, Task
from storage.tables import intents, tasks


@dataclass(frozen=True, kw_only=True)
class Change:
    """What of an intent counts when the next one is decided: there may be many."""

    id: str
    task_id: str
    tool: str
    tier: str
    env: str
    target: str
    blast: int
    started_at: float
    input: str
    """the redacted arguments as JSON; few look into them"""


def _record(row: sa.Row[Any]) -> Intent:
    values = {name: row._mapping[name] for name in _FIELDS}
    return Intent(**{**values, "state": IntentState(row.state)})


_FIELDS = tuple(Intent.__dataclass_fields__)
_COLUMNS = [intents.c[name] for name in _FIELDS]
_JSON = ("approved_by", "rules", "input", "output")


def _intent(row: Sequence[Any]) -> Intent:
    """As `_record`, of a row that the driver gave."""
    values = dict(zip(_FIELDS, row, strict=True))
    read = {name: parsed(values[name]) for name in _JSON}
    return Intent(**{**values, **read, "state": IntentState(values["state"]), "dry_run": bool(values["dry_run"])})


_NEW = tuple(NewIntent.__dataclass_fields__)
_BEGIN = Plain(
    lambda engine: (
        new_in(engine, intents).values(state=IntentState.STARTED, started_at=now(), outcome="").returning(*_COLUMNS)
    ),
    ("id", *_NEW),
)
_BY_KEY = Plain(
    sa.select(*_COLUMNS).where(intents.c.tenant == sa.bindparam("of"), intents.c.key == sa.bindparam("key_")),
    ("of", "key_"),
)
_CHANGE = ("id", "task_id", "tool", "tier", "env", "target", "blast", "started_at", "input")
_CHANGED = sa.select(
    *(intents.c[name] for name in _CHANGE[:-1]), sa.cast(intents.c.input, sa.Text).label("input")
).where(
    intents.c.tenant == sa.bindparam("of"),
    intents.c.tier != "read",
    sa.not_(intents.c.dry_run),
    sa.or_(*(intents.c.state == one for one in (IntentState.STARTED, IntentState.RAN, IntentState.IN_DOUBT))),
)
_CHANGED_LATELY = Plain(_CHANGED.where(intents.c.started_at > now() - sa.bindparam("last")), ("of", "last"))
_CHANGED_HERE = Plain(_CHANGED.where(intents.c.task_id == sa.bindparam("task")), ("of", "task"))
_CALLS = Plain(
    sa.select(
        now(),
        sa.func.count(),
        sa.func.count().filter(intents.c.state == IntentState.FAILED),
    ).where(
        intents.c.tenant == sa.bindparam("of"),
        intents.c.tool == sa.bindparam("with"),
        intents.c.started_at > now() - sa.bindparam("last"),
    ),
    ("of", "with", "last"),
)
_EVER = Plain(
    sa.select(intents.c.id)
    .where(intents.c.tenant == sa.bindparam("of"), intents.c.tool == sa.bindparam("with"))
    .limit(sa.literal_column("1")),
    ("of", "with"),
)
_FINISH = Plain(
    intents.update()
    .where(
        intents.c.id == sa.bindparam("id_"),
        intents.c.state == sa.bindparam("from_"),
        sa.or_(intents.c.state == IntentState.STARTED, intents.c.state == IntentState.IN_DOUBT),
    )
    .values(
        state=sa.bindparam("to_", type_=sa.Text),
        outcome=sa.bindparam("says_", type_=sa.Text),
        output=sa.bindparam("output_", type_=sa.JSON),
        evidence=sa.bindparam("evidence_", type_=sa.Text),
        finished_at=now(),
    )
    .returning(*_COLUMNS),
    ("id_", "from_", "to_", "says_", "output_", "evidence_"),
)


async def begin(tx: Tx, new: NewIntent) -> Intent:
    """Write the intent: who writes it may run the call.

    Raises:
        LostRace: the key is taken, so another worker has begun this call.
    """
    values = {name: getattr(new, name) for name in _NEW}
    values |= {name: json.dumps(values[name]) for name in _JSON if name in values}
    rows = await _BEGIN.run(tx, {"id": new_id("i"), **values})
    if not rows:
        raise LostRace("call", new.key)
    return _intent(rows[0])


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
    rows = await _BY_KEY.run(tx, {"of": tenant, "key_": key})
    return None if not rows else _intent(rows[0])


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
    new = {"to_": state, "says_": outcome, "output_": json.dumps(output), "evidence_": evidence}
    rows = await _FINISH.run(tx, {"id_": intent.id, "from_": intent.state, **new})
    if not rows:
        raise LostRace("intent", intent.key)
    return _intent(rows[0])


async def calls_since(tx: Tx, tenant: str, tool: str, seconds: float) -> tuple[float, int, int, bool]:
    """(now, calls, failed calls) of one tool in the last `seconds`, and whether it ever ran before."""
    [(at, calls, failed)] = await _CALLS.run(tx, {"of": tenant, "with": tool, "last": seconds})
    if calls:
        return float(at), int(calls), int(failed), True
    return float(at), 0, 0, bool(await _EVER.run(tx, {"of": tenant, "with": tool}))


async def changes_since(tx: Tx, tenant: str, task_id: str, seconds: float) -> list[Change]:
    """What changed or may have changed something: all of the last `seconds`, and all of this task."""
    lately = await _CHANGED_LATELY.run(tx, {"of": tenant, "last": seconds})
    here = await _CHANGED_HERE.run(tx, {"of": tenant, "task": task_id})
    by_id = {row[0]: row for row in (*lately, *here)}
    return [Change(**dict(zip(_CHANGE, row, strict=True))) for row in by_id.values()]


def as_change(one: Intent) -> Change:
    """What of a whole line counts when another call is decided."""
    same = {name: getattr(one, name) for name in _CHANGE[:-1]}
    return Change(**same, input=json.dumps(one.input))


async def ran_in_thread(tx: Tx, task: Task) -> frozenset[str]:
    """The tools that ran for earlier tasks of this thread: what they answered, errors too, may have been said there."""
    earlier = (
        sa.select(intents.c.tool)
        .distinct()
        .join(tasks, tasks.c.id == intents.c.task_id)
        .where(
            tasks.c.tenant == task.tenant,
            tasks.c.channel == task.channel,
            tasks.c.thread_ts == task.thread_ts,
            tasks.c.id != task.id,
            tasks.c.created_at <= task.created_at,
            intents.c.tenant == task.tenant,
            intents.c.state.in_((IntentState.RAN, IntentState.FAILED, IntentState.IN_DOUBT)),
        )
    )
    return frozenset(row.tool for row in await tx.run(earlier))


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
