"""What waits for people, newest first."""

from dataclasses import dataclass

from storage import tasks
from storage.db import Database
from storage.records import TaskState


@dataclass(frozen=True, kw_only=True)
class Escalation:
    message: str
    hub: str
    sender: str
    title: str
    why: str
    at: float


async def waiting(db: Database, tenant: str, *, agent: str = "inbox", limit: int = 200) -> list[Escalation]:
    """The newest escalations of the inbox worker; a person deals with them on the hub, and marks them read there."""
    async with db.read() as tx:
        found = await tasks.recent(tx, tenant, limit=limit * 5)
    mine = [task for task in found if task.agent == agent and task.state is TaskState.ESCALATED_TO_HUMAN]
    return [
        Escalation(
            message=task.thread_ts,
            hub=task.channel.removeprefix("hub:"),
            sender=task.requester,
            title=task.title,
            why=task.reason,
            at=task.created_at,
        )
        for task in mine[:limit]
    ]
