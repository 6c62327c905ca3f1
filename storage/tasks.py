"""Tasks: create, claim, move, release. Each change of state is one UPDATE guarded by state and fence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import FURTHEST, lapsed, now
from storage.db import Tx
from storage.errors import LostRace, NotFound
from storage.ids import new_id
from storage.picking import known
from storage.plain import Plain
from storage.records import Source, Task, TaskState
from storage.tables import tasks
from storage.tables.work import LEASED, UNDER_WAY
from storage.task_moves import COLUMNS, FIELDS, as_task, claim_of, move_of, touch_of

WAKE = "tasks"
WAKE_APPROVED = "approved"
"""rung for tasks whose call people approved: a worker that has no room for new ones looks only for these"""
CLAIMABLE = (TaskState.QUEUED, TaskState.FAILED_RETRYABLE, TaskState.EXECUTING)
MOST_ATTEMPTS = 10
"""workers a task may wear out"""
FINAL = (TaskState.COMPLETED, TaskState.FAILED_TERMINAL, TaskState.CANCELLED, TaskState.ESCALATED_TO_HUMAN)


@dataclass(frozen=True, kw_only=True)
class NewTask:
    """What is known of a task when it is asked for."""

    tenant: str
    source: Source
    channel: str
    thread_ts: str
    request_ts: str
    requester: str
    requester_team: str
    text: str
    title: str
    agent: str
    agent_version: str
    dry_run: bool = False
    parent_id: str | None = None
    state: TaskState = TaskState.QUEUED


def _record(row: sa.Row[Any]) -> Task:
    found = row._mapping
    return as_task({name: found[name] for name in FIELDS})


def _task(row: Sequence[Any]) -> Task:
    return as_task(dict(zip(FIELDS, row, strict=True)))


_CREATE = tasks.insert().values(due_at=now(), created_at=now(), updated_at=now()).returning(tasks)
"""made once: building a statement and hashing it costs more than SQLite takes to run it, and acks wait for it"""


_OF = ("tenant_", "id_")
_BY_ID = sa.select(*COLUMNS).where(tasks.c.tenant == sa.bindparam("tenant_"), tasks.c.id == sa.bindparam("id_"))
_ONE = Plain(_BY_ID, _OF)
_LOCKED = Plain(_BY_ID.with_for_update(key_share=True), _OF)
"""key_share: a foreign key's check of the row must not wait for us"""


async def create(tx: Tx, new: NewTask) -> Task:
    """Insert a task; workers are woken at commit."""
    task_id = new_id("t")
    values = {name: getattr(new, name) for name in NewTask.__dataclass_fields__}
    values |= {"id": task_id, "correlation_id": task_id.removeprefix("t_")[-12:]}
    row = (await tx.run(_CREATE, values)).one()
    tx.hint(WAKE)
    return _record(row)


async def get(tx: Tx, tenant: str, task_id: str) -> Task:
    """One task of this tenant.

    Raises:
        NotFound: no such task in this tenant.
    """
    rows = await _ONE.run(tx, {"tenant_": tenant, "id_": task_id})
    if not rows:
        raise NotFound("task", task_id)
    return _task(rows[0])


async def lock(tx: Tx, tenant: str, task_id: str) -> Task:
    """One task as it is now, and nobody else changes it until this transaction ends.

    Whoever changes a task's proposals, votes or steps locks the task first: one order, so no two wait for each other.

    Raises:
        NotFound: no such task in this tenant.
    """
    rows = await _LOCKED.run(tx, {"tenant_": tenant, "id_": task_id})
    if not rows:
        raise NotFound("task", task_id)
    return _task(rows[0])


async def claim(tx: Tx, *, owner: str, lease: float, limit: int, approved_only: bool = False) -> list[Task]:
    """Lease up to `limit` due tasks for `lease` seconds, approved calls first.

    Queued ones become running, executing ones stay; `approved_only` takes no queued ones. Where a halt stands, approved
    calls and unattended tasks wait; what people ask is still looked into.
    """
    rows = await claim_of(approved_only=approved_only).run(tx, {"owner_": owner, "lease_": lease, "most_": limit})
    return [_task(row) for row in rows]


async def move(tx: Tx, task: Task, to: TaskState, *, keep: bool = False, delay: float = 0.0, **columns: Any) -> Task:
    """Change the state of a task that is still as read; `keep` holds the lease, `delay` (seconds) makes it due later.

    Raises:
        LostRace: somebody moved it since `task` was read.
    """
    statement = move_of(frozenset(columns), keep=keep, ends=to in FINAL)
    values = {f"new_{name}": value for name, value in columns.items()}
    values |= {"id_": task.id, "tenant_": task.tenant, "from_": task.state, "fence_": task.fence}
    rows = await statement.run(tx, values | {"to_": to, "delay_": min(delay, FURTHEST)})
    if not rows:
        raise LostRace("task", task.id)
    if to in CLAIMABLE and not keep:
        tx.hint(WAKE_APPROVED if to is TaskState.EXECUTING else WAKE)
    return as_task(dict(zip(FIELDS, rows[0], strict=True)))


async def touch(tx: Tx, task: Task, **columns: Any) -> None:
    """Set plain columns (counters, title) of a task whose lease is still held at this fence.

    Raises:
        LostRace: the lease was taken over.
    """
    values = {f"new_{name}": value for name, value in columns.items()}
    if not await touch_of(frozenset(columns)).run(tx, values | {"id_": task.id, "fence_": task.fence}):
        raise LostRace("task", task.id)


async def hold(tx: Tx, *, owner: str, ids: Collection[str], lease: float) -> dict[str, bool]:
    """Extend this owner's leases by heartbeat; gives {id: stop requested} for those that are still its own."""
    mine = sa.select(tasks.c.id).where(tasks.c.id.in_(ids), tasks.c.owner == owner)
    in_order = mine.order_by(tasks.c.id).with_for_update(key_share=True)  # two replicas' updates must not cross
    rows = await tx.run(
        tasks.update()
        .where(tasks.c.id.in_(in_order.scalar_subquery()), tasks.c.owner == owner)
        .values(lease_until=now() + lease)
        .returning(tasks.c.id, tasks.c.stop_requested)
    )
    return {row.id: bool(row.stop_requested) for row in rows}


async def take_back(tx: Tx, *, only_expired: bool = True, max_attempts: int = MOST_ATTEMPTS) -> list[Task]:
    """Free the tasks of dead workers: running ones are queued again, executing ones wait for a new worker.

    A running task that killed its worker `max_attempts` times ends as failed; what becomes of an executing one depends
    on its intent, so its caller decides. `only_expired=False` frees all: for the one process on SQLite when it starts.
    """
    dead = sa.and_(LEASED, lapsed(tasks.c.lease_until)) if only_expired else tasks.c.owner.is_not(None)
    pick = sa.select(tasks.c.id).where(tasks.c.owner.is_not(None), dead, known(tasks.c.source, Source))
    pick = pick.with_for_update(skip_locked=True, key_share=True)
    worn_out = sa.and_(tasks.c.attempt >= max_attempts, tasks.c.state != TaskState.EXECUTING)
    state = sa.case(
        (worn_out, TaskState.FAILED_TERMINAL),
        (tasks.c.state == TaskState.RUNNING, TaskState.QUEUED),
        else_=tasks.c.state,
    )
    reason = sa.case((worn_out, "the worker died on it again and again"), else_=tasks.c.reason)
    rows = (
        await tx.run(
            tasks.update()
            .where(tasks.c.id.in_(pick.scalar_subquery()), tasks.c.owner.is_not(None), dead)
            .values(
                state=state,
                finished_at=sa.case((worn_out, now()), else_=tasks.c.finished_at),
                reason=reason,
                owner=None,
                lease_until=None,
                fence=tasks.c.fence + 1,
                due_at=now(),
                updated_at=now(),
            )
            .returning(tasks)
        )
    ).all()
    if rows:
        tx.hint(WAKE)
        tx.hint(WAKE_APPROVED)
    return [_record(row) for row in rows]


async def ask_to_stop(tx: Tx, tenant: str, task_id: str) -> bool:
    """Mark a task that has not ended as to be stopped; False when it has ended."""
    done = await tx.run(
        tasks.update()
        .where(tasks.c.tenant == tenant, tasks.c.id == task_id, tasks.c.state.not_in(FINAL))
        .values(stop_requested=True, updated_at=now())
    )
    tx.hint(WAKE)
    return bool(done.rowcount)


async def ask_running_to_stop(tx: Tx, tenant: str) -> list[Task]:
    """Mark all of a tenant's tasks at work as to be stopped, save those that carry out an approved call."""
    pick = sa.select(tasks.c.id).where(tasks.c.tenant == tenant, tasks.c.state == TaskState.RUNNING)
    pick = pick.order_by(tasks.c.id).with_for_update(key_share=True)
    rows = await tx.run(
        tasks.update()
        .where(tasks.c.id.in_(pick.scalar_subquery()), tasks.c.state == TaskState.RUNNING)
        .values(stop_requested=True, updated_at=now())
        .returning(tasks)
    )
    return [_record(row) for row in rows]


async def newest_in_thread(
    tx: Tx, tenant: str, channel: str, thread_ts: str, *, requester: str | None = None
) -> Task | None:
    """The latest task of a thread, ended or not; with `requester`, the latest that this person asked for, no undo."""
    which = sa.and_(tasks.c.tenant == tenant, tasks.c.channel == channel, tasks.c.thread_ts == thread_ts)
    if requester is not None:
        which = sa.and_(which, tasks.c.requester == requester, tasks.c.source != Source.UNDO)
    row = (await tx.run(sa.select(tasks).where(which).order_by(tasks.c.created_at.desc()).limit(1))).one_or_none()
    return None if row is None else _record(row)


async def requested_by(tx: Tx, tenant: str, channel: str, thread_ts: str, ts: str) -> Task | None:
    """The task that this message of a thread asked for and that has not ended."""
    here = sa.and_(tasks.c.tenant == tenant, tasks.c.channel == channel, tasks.c.thread_ts == thread_ts)
    which = sa.and_(here, tasks.c.request_ts == ts, tasks.c.state.not_in(FINAL), tasks.c.source != Source.UNDO)
    row = (await tx.run(sa.select(tasks).where(which).order_by(tasks.c.created_at.desc()).limit(1))).one_or_none()
    return None if row is None else _record(row)


async def open_in_thread(tx: Tx, tenant: str, channel: str, thread_ts: str) -> list[Task]:
    """The tasks of a thread that have not ended, oldest first."""
    which = sa.and_(tasks.c.tenant == tenant, tasks.c.channel == channel, tasks.c.thread_ts == thread_ts)
    query = sa.select(tasks).where(which, tasks.c.state.not_in(FINAL)).order_by(tasks.c.created_at)
    return [_record(row) for row in await tx.run(query)]


async def asked_by(tx: Tx, tenant: str, channel: str, ts: str) -> Task | None:
    """The latest task that this message asked for, or that stands in the thread it starts."""
    here = sa.and_(tasks.c.tenant == tenant, tasks.c.channel == channel)
    query = sa.select(tasks).where(here, sa.or_(tasks.c.thread_ts == ts, tasks.c.request_ts == ts))
    row = (await tx.run(query.order_by(tasks.c.created_at.desc()).limit(1))).one_or_none()
    return None if row is None else _record(row)


async def recent(tx: Tx, tenant: str, *, limit: int = 20, only_open: bool = False, since: float = 0.0) -> list[Task]:
    """The newest tasks first."""
    query = sa.select(tasks).where(tasks.c.tenant == tenant, tasks.c.created_at >= since)
    if only_open:
        query = query.where(UNDER_WAY)
    rows = await tx.run(query.order_by(tasks.c.created_at.desc()).limit(limit))
    return [_record(row) for row in rows]
