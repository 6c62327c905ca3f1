"""What people said of an answer: helpful or not, one word a person, kept with the task that gave it."""

from dataclasses import dataclass

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_or_update
from storage.records import Task
from storage.tables import feedback


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """One person's word on one answer."""

    person: str
    said: str
    """good | bad"""
    at: float


async def keep(tx: Tx, task: Task, person: str, said: str) -> None:
    """Keep a person's word on a task's answer, in place of an earlier one of theirs."""
    row = {"tenant": task.tenant, "task_id": task.id, "person": person, "said": said, "at": now()}
    key = ("tenant", "task_id", "person")
    await tx.run(insert_or_update(tx, feedback, row, key=key, again={"said": said, "at": now()}))


async def of_task(tx: Tx, task: Task) -> list[Feedback]:
    """What was said of a task's answer, oldest first."""
    query = sa.select(feedback).where(feedback.c.tenant == task.tenant, feedback.c.task_id == task.id)
    rows = await tx.run(query.order_by(feedback.c.at))
    return [Feedback(person=row.person, said=row.said, at=row.at) for row in rows]
