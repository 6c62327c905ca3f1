"""A thumb under an answer: kept with the answer, and on the record."""

from storage import audit, feedback, inbox, tasks
from storage.db import Database
from storage.errors import NotFound


async def judge(db: Database, *, tenant: str, task_id: str, who: str, said: str, key: str) -> bool:
    """Keep what a person said of an answer, once a press; False when there is no such answer."""
    async with db.write() as tx:
        try:
            task = await tasks.lock(tx, tenant, task_id)
        except NotFound:
            return False
        if await inbox.first_time(tx, tenant, key, "feedback"):
            await feedback.keep(tx, task, who, said)
            await audit.append(
                tx,
                tenant,
                "ops.feedback.given",
                task_id=task.id,
                correlation_id=task.correlation_id,
                body={"who": who, "feedback": said},
            )
    return True
