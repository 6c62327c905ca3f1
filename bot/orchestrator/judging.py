"""A thumb under an answer: kept with the answer, and on the record."""

from collections.abc import Callable

from storage import audit, evaluations, feedback, inbox, tasks
from storage.db import Database
from storage.errors import NotFound
from storage.evaluations import EvaluationKind


async def judge(
    db: Database, clean: Callable[[str], str], *, tenant: str, task_id: str, who: str, said: str, key: str
) -> bool:
    """Keep what a person said of an answer, once a press; False when there is no such answer.

    A thumb down makes it an evaluation case, until the same person turns it up. `clean` takes secrets out.
    """
    async with db.write() as tx:
        try:
            task = await tasks.lock(tx, tenant, task_id)
        except NotFound:
            return False
        if await inbox.first_time(tx, tenant, key, "feedback"):
            await feedback.keep(tx, task, who, said)
            subject = f"{task.id}:{who}"
            if said == "bad":
                kind = EvaluationKind.BAD_ANSWER
                await evaluations.keep(tx, task, kind=kind, subject=subject, request=clean(task.text), by=who)
            else:
                await evaluations.drop(tx, tenant, EvaluationKind.BAD_ANSWER, subject)
            await audit.append(
                tx,
                tenant,
                "ops.feedback.given",
                task_id=task.id,
                correlation_id=task.correlation_id,
                body={"who": who, "feedback": said},
            )
    return True
