"""What edges may ask for: submit, vote, edit, undo, resolve, stop. Each is one transaction and answers in words."""

from dataclasses import dataclass

from bot.agent.definition import AgentDefinition
from bot.orchestrator import ballots, doubts, edits, intake, stops, undos
from bot.orchestrator.requests import Answer, Click, Edit, Request, Verdict
from policy.people import People
from storage import tasks
from storage.db import Database
from storage.records import Task
from tools.gateway import Gateway


@dataclass(frozen=True, kw_only=True)
class Orchestrator:
    """The front desk. Everything it is told is a claim until checked against storage and policy."""

    db: Database
    gateway: Gateway
    people: People
    agent: AgentDefinition

    async def submit(self, request: Request) -> Task | None:
        """Store a request durably, once; None when this delivery was here before."""
        return await intake.submit(self.db, self.agent, request)

    async def approve(self, click: Click) -> Answer:
        return await ballots.vote(self.db, self.gateway, self.people, click, approve=True)

    async def reject(self, click: Click, reason: str) -> Answer:
        return await ballots.vote(self.db, self.gateway, self.people, click, approve=False, reason=reason)

    async def edit(self, edit: Edit) -> Answer:
        return await edits.edit(self.db, self.gateway, self.people, edit)

    async def undo(self, click: Click) -> Answer:
        return await undos.undo(self.db, self.gateway, self.people, click)

    async def resolve(self, click: Click, verdict: Verdict) -> Answer:
        return await doubts.resolve(self.db, self.gateway, self.people, click, verdict)

    async def stop(self, tenant: str, task_id: str, who: str) -> bool:
        """Ask a task to stop; False when there is nothing left to stop."""
        return await stops.stop(self.db, tenant, task_id, who)

    async def stop_thread(self, tenant: str, channel: str, thread_ts: str, who: str) -> bool:
        """Stop the newest task of a thread."""
        async with self.db.read() as tx:
            task = await tasks.newest_in_thread(tx, tenant, channel, thread_ts)
        return task is not None and await self.stop(tenant, task.id, who)
