"""Each request once: its task, and the plan as it was made. A restart acts on the stored plan, never on a new one."""

from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict

from bot.agent.definition import AgentDefinition
from bot.inbox.plan import Action, Plan
from bot.inbox.request import Request
from bot.lifecycle.moves import move, note
from policy.redaction import Redactor
from storage import inbox, intents, steps, tasks
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import IntentState, JsonObject, Source, StepKind, Task, TaskState
from storage.tasks import NewTask

LONGEST_KEPT = 12_000
"""characters of a message kept here; the hub has all of it"""


class _StoredPlan(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    action: Action
    text: str
    why: str
    untrusted: bool
    seen: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A request that is on record, with what was planned for it."""

    task: Task
    plan: Plan
    seen: str
    """hash of the message the plan was made for"""


class Ledger:
    """The inbox worker's part of the tasks: one hub's requests of one tenant."""

    def __init__(self, *, db: Database, tenant: str, hub: str, agent: AgentDefinition, redactor: Redactor) -> None:
        self._db = db
        self._tenant = tenant
        self._agent = agent
        self._redactor = redactor
        self.channel = f"hub:{hub}"

    async def find(self, message: str) -> Entry | None:
        """What is on record about this message, or None: then nothing has been done about it."""
        async with self._db.read() as tx:
            return await self._find(tx, message)

    async def put(self, request: Request, plan: Plan, *, after: Entry | None = None) -> Entry:
        """Put a request and its plan on record, once; whoever comes second gets what the first one stored.

        With `after`, the message came again, changed, after it had been dealt with.
        """
        async with self._db.write() as tx:
            known = await self._find(tx, request.id)
            if known is not None and (after is None or known.task.id != after.task.id):
                return known
            key = f"{self.channel}:{request.id}" + (f":{request.digest}" if after else "")
            if not await inbox.first_time(tx, self._tenant, key, "hub"):
                if (known := await self._find(tx, request.id)) is not None:  # another replica was first
                    return known
                raise LostRace("request", request.id)
            task = await self._create(tx, request, plan, parent=after.task.id if after else None)
            if plan.action is Action.ESCALATE:
                task = await move(tx, task, TaskState.ESCALATED_TO_HUMAN, why=plan.why)
            return Entry(task=task, plan=plan, seen=request.digest)

    async def complete(self, entry: Entry, why: str) -> None:
        """It is dealt with."""
        async with self._db.write() as tx:
            await move(tx, entry.task, TaskState.COMPLETED, why=why)

    async def escalate(self, entry: Entry, why: str) -> Entry:
        """People must look at it after all."""
        why = self._clean(why)
        async with self._db.write() as tx:
            task = await move(tx, entry.task, TaskState.ESCALATED_TO_HUMAN, why=why)
        return Entry(task=task, plan=Plan(action=Action.ESCALATE, why=why), seen=entry.seen)

    async def begun(self, entry: Entry, call_id: str) -> bool:
        """Whether this call has an intent: before that, certainly nothing has happened."""
        async with self._db.read() as tx:
            return await intents.find(tx, self._tenant, f"call:{entry.task.id}:{call_id}") is not None

    async def ended(self, entry: Entry, call_id: str) -> bool:
        """Whether this call has an outcome, whatever it was."""
        async with self._db.read() as tx:
            found = await intents.find(tx, self._tenant, f"call:{entry.task.id}:{call_id}")
        return found is not None and found.state is not IntentState.STARTED

    async def dry_task(self) -> Task:
        """A task that a whole dry run previews its calls under; it is ended from the start."""
        async with self._db.write() as tx:
            new = self._new(thread="dry run", text="dry run of the inbox worker", sender=self._agent.name)
            task = await tasks.create(tx, replace(new, dry_run=True))
            await note(tx, task, "created", {"source": Source.API.value, "agent": self._agent.name, "dry_run": True})
            return await move(tx, task, TaskState.COMPLETED, why="a dry run changes nothing")

    async def _find(self, tx: Tx, message: str) -> Entry | None:
        task = await tasks.newest_in_thread(tx, self._tenant, self.channel, message)
        if task is None:
            return None
        stored = [step.body for step in await steps.of_task(tx, task) if step.kind is StepKind.NOTE]
        plan = _StoredPlan.model_validate(stored[0])
        return Entry(
            task=task,
            plan=Plan(action=plan.action, text=plan.text, why=plan.why, untrusted=plan.untrusted),
            seen=plan.seen,
        )

    async def _create(self, tx: Tx, request: Request, plan: Plan, *, parent: str | None) -> Task:
        text, sender = self._clean(request.text[:LONGEST_KEPT]), self._clean(request.sender)
        new = self._new(thread=request.id, text=text, sender=sender)
        task = await tasks.create(tx, replace(new, parent_id=parent))
        planned = _StoredPlan(
            action=plan.action, text=plan.text, why=plan.why, untrusted=plan.untrusted, seen=request.digest
        )
        stored: JsonObject = planned.model_dump(mode="json")
        await steps.append(tx, task, 0, [(StepKind.USER, {"text": text, "by": sender}), (StepKind.NOTE, stored)])
        body: JsonObject = {
            "source": Source.API.value,
            "channel": self.channel,
            "message": request.id,
            "agent": self._agent.name,
            "agent_version": self._agent.version,
            "planned": plan.action.value,
            "why": plan.why,
            "dry_run": False,
        }
        await note(tx, task, "created", body)
        return task

    def _new(self, *, thread: str, text: str, sender: str) -> NewTask:
        return NewTask(
            tenant=self._tenant,
            source=Source.API,
            channel=self.channel,
            thread_ts=thread,
            request_ts=thread,
            requester=sender,
            requester_team=self._tenant,
            text=text,
            title=" ".join(text.split())[:80] or "request",
            agent=self._agent.name,
            agent_version=self._agent.version,
            state=TaskState.RUNNING,  # and without an owner: the bot's own workers claim nothing that is not queued
        )

    def _clean(self, text: str) -> str:
        return self._redactor.text(text).text
