"""The statements of storage/tasks.py that change one task, each made once; and a task of one of their rows."""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storage.clock import FURTHEST, now
from storage.picking import known, once
from storage.plain import Plain
from storage.records import UNATTENDED, Source, Task, TaskState
from storage.row_security import EVERYTHING
from storage.tables import halts, tasks
from storage.tables.work import MAY_BE_CLAIMED

FIELDS = tuple(Task.__dataclass_fields__)
COLUMNS = [tasks.c[name] for name in FIELDS]


def as_task(values: dict[str, Any]) -> Task:
    """The task of its columns; SQLite's own rows have numbers for yes and no."""
    for name, read in (("source", Source), ("state", TaskState), ("stop_requested", bool), ("dry_run", bool)):
        values[name] = read(values[name])
    return Task(**values)


@lru_cache(maxsize=64)
def move_of(columns: frozenset[str], *, keep: bool, ends: bool) -> Plain:
    """The statement of a move that sets these columns besides: few kinds of moves are made often."""
    values: dict[str, Any] = {
        "state": sa.bindparam("to_", type_=sa.Text),
        "fence": tasks.c.fence + 1,
        "updated_at": now(),
        "due_at": now() + sa.bindparam("delay_", type_=sa.Double),
        "finished_at": now() if ends else None,
    }
    if not keep:
        values |= {"owner": None, "lease_until": None}
    which = sa.and_(
        tasks.c.id == sa.bindparam("id_"),
        tasks.c.tenant == sa.bindparam("tenant_"),
        tasks.c.state == sa.bindparam("from_"),
        tasks.c.fence == sa.bindparam("fence_"),
    )
    names = ("to_", "delay_", "id_", "tenant_", "from_", "fence_", *(f"new_{name}" for name in columns))
    moved = tasks.update().where(which).values(values | _new(columns)).returning(*(tasks.c[name] for name in FIELDS))
    return Plain(moved, names)


@lru_cache(maxsize=64)
def touch_of(columns: frozenset[str]) -> Plain:
    """The statement that sets these columns of a task at its fence; one row when it was there still."""
    which = sa.and_(tasks.c.id == sa.bindparam("id_"), tasks.c.fence == sa.bindparam("fence_"))
    touched = tasks.update().where(which).values({"updated_at": now()} | _new(columns)).returning(tasks.c.id)
    return Plain(touched, ("id_", "fence_", *(f"new_{name}" for name in columns)))


def _new(columns: frozenset[str]) -> dict[str, Any]:
    return {name: sa.bindparam(f"new_{name}", type_=tasks.c[name].type) for name in sorted(columns)}


_MAY_GO_ON = sa.or_(
    ~sa.exists().where(sa.or_(halts.c.tenant == tasks.c.tenant, halts.c.tenant == EVERYTHING)),
    sa.and_(tasks.c.state != TaskState.EXECUTING, *(tasks.c.source != one for one in sorted(UNATTENDED))),
)


_COME = sa.or_(
    tasks.c.due_at <= now(),
    # Noted by a clock that went ahead and was set back since. The turn of a request may be far off without that.
    sa.and_(tasks.c.due_at > now() + FURTHEST, tasks.c.updated_at > now()),
)


@lru_cache(maxsize=4)
def claim_of(*, approved_only: bool) -> Plain:
    """The statement that leases due tasks, or those alone whose call people approved."""
    only = [tasks.c.state == TaskState.EXECUTING] if approved_only else []
    approved_first = sa.case((tasks.c.state == TaskState.EXECUTING, 0), else_=1)
    pick = (
        sa.select(tasks.c.id)
        .where(MAY_BE_CLAIMED, *only, _COME, _MAY_GO_ON, known(tasks.c.source, Source))
        .order_by(approved_first, tasks.c.due_at)
        .limit(sa.bindparam("most_"))
        .with_for_update(skip_locked=True)
    )
    state = sa.case((tasks.c.state == TaskState.EXECUTING, TaskState.EXECUTING), else_=TaskState.RUNNING)
    claimed = (
        tasks.update()
        .where(tasks.c.id.in_(once(pick)))
        .values(
            state=state,
            owner=sa.bindparam("owner_", type_=sa.Text),
            lease_until=now() + sa.bindparam("lease_", type_=sa.Double),
            attempt=tasks.c.attempt + 1,
            fence=tasks.c.fence + 1,
            updated_at=now(),
        )
        .returning(*COLUMNS)
    )
    return Plain(claimed, ("owner_", "lease_", "most_"))
