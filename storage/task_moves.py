"""The statements of storage/tasks.py that change one task, each made once; and a task of one of their rows."""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.plain import Plain
from storage.records import Source, Task, TaskState
from storage.tables import tasks

FIELDS = tuple(Task.__dataclass_fields__)


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
def touch_of(columns: frozenset[str]) -> sa.Update:
    which = sa.and_(tasks.c.id == sa.bindparam("id_"), tasks.c.fence == sa.bindparam("fence_"))
    return tasks.update().where(which).values({"updated_at": now()} | _new(columns))


def _new(columns: frozenset[str]) -> dict[str, Any]:
    return {name: sa.bindparam(f"new_{name}", type_=tasks.c[name].type) for name in sorted(columns)}
