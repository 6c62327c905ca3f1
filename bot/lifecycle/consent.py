"""The question before somebody's words first go to a provider: the task waits for the answer and then goes on."""

import hashlib
from dataclasses import dataclass

from bot.lifecycle.moves import move, tell
from policy.types import Actor
from storage import audit, consents, posts, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import PostKind, Source, Task, TaskState

WAITS = "waits until its requester agrees to the data policy"
_OF_PEOPLE = (Source.MENTION, Source.DM, Source.COMMAND, Source.AUTO)
"""requests in which somebody's own words are sent; alerts and schedules were set up by admins"""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What people agree to. Another provider or region is another agreement; a changed prompt is not."""

    agent: str
    words: str
    """the data policy, "cloud: anthropic, eu" """

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.agent}\n{self.words}".encode()).hexdigest()


async def must_wait(db: Database, task: Task, terms: Terms, requester: Actor | None) -> Task | None:
    """The task, parked with the question asked; None when it may be sent. A bot asks for nobody."""
    if task.source not in _OF_PEOPLE or requester is None or requester.is_bot:
        return None

    async def work(tx: Tx) -> Task | None:
        if await consents.asked(tx, task.tenant, task.requester, terms.id):
            return None
        parked = await move(tx, task, TaskState.NEEDS_APPROVAL, why=WAITS)
        await posts.want(
            tx,
            tenant=task.tenant,
            kind=PostKind.CONSENT,
            subject=task.id,
            channel=task.channel,
            thread_ts=task.thread_ts,
            task_id=task.id,
            body={"to": task.requester, "agent": terms.agent, "words": terms.words, "terms": terms.id},
        )
        return parked

    async with db.read() as tx:
        if await consents.given(tx, task.tenant, task.requester, terms.id):
            return None
    return await transact(db, work)


async def answer(db: Database, tenant: str, who: str, terms: Terms, *, yes: bool) -> int:
    """Keep a person's answer: what of theirs waits goes on after a yes, and ends with words after a no. How much."""

    async def keep(tx: Tx) -> list[str]:
        await consents.answer(tx, tenant, who, terms.id, yes=yes)
        event = f"ops.consent.{'given' if yes else 'refused'}"
        await audit.append(tx, tenant, event, body={"who": who, "agent": terms.agent, "terms": terms.words})
        return await consents.waiting(tx, tenant, who, terms.agent, WAITS)

    found = await transact(db, keep)
    for task_id in found:
        await _go_on(db, tenant, task_id, terms, yes=yes)
    return len(found)


async def _go_on(db: Database, tenant: str, task_id: str, terms: Terms, *, yes: bool) -> None:
    async def work(tx: Tx) -> None:
        task = await tasks.lock(tx, tenant, task_id)
        if not consents.waits(task, WAITS):
            return
        if yes:
            await move(tx, task, TaskState.QUEUED)
            return
        why = f"<@{task.requester}> did not want this sent to a provider ({terms.words})"
        await tell(tx, task, f"consent:{task.id}", f"Nothing was sent: {why}. Ask again to be asked again.")
        await move(tx, task, TaskState.CANCELLED, why="its requester said no to the data policy")

    try:
        await transact(db, work)
    except LostRace:
        return


async def withdraw(db: Database, tenant: str, who: str) -> int:
    """Take back what a person agreed to; their next request asks again. How much it was."""
    async with db.write() as tx:
        count = await consents.withdraw(tx, tenant, who)
        if count:
            await audit.append(tx, tenant, "ops.consent.withdrawn", body={"who": who})
    return count
