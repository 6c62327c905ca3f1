"""A whole office without Slack: the orchestrator, one hand-driven worker, people, and the lab's tools."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.agent.definition import AgentDefinition
from bot.agent.lineup import Lineup
from bot.agent.runner import AgentRunner
from bot.brains.base import Brain, Call, Saying
from bot.brains.scripted import ScriptedBrain, Turn
from bot.lifecycle.hooks import Hooks
from bot.lifecycle.ports import Files
from bot.orchestrator.core import Orchestrator
from bot.orchestrator.requests import Answer, Click, Edit, Request, Verdict
from bot.orchestrator.worker import Worker
from bot.terminal.stage import Silent
from policy.redaction import Redactor
from storage import proposals, steps, tasks
from storage.db import Database
from storage.records import Proposal, Source, Step, StepKind, Task
from tests.builders import TENANT
from tests.tools.spy import Lab
from tests.tools.staff import Staff
from tools.gateway import Gateway
from tools.rules import Rules

LEASE = 60.0
BURNS = "checkout burns, set or drop something"


class QuietStage:
    """Shows nothing."""

    async def recover(self, task: Task, steps: Sequence[Step]) -> None: ...

    async def open(self, task: Task, steps: Sequence[Step]) -> Silent:
        return Silent()

    async def context(self, task: Task) -> list[tuple[str, str]]:
        return []


def a_change(value: int = 7, thing: str = "checkout", call_id: str = "c1", tool: str = "lab.set") -> Call:
    arguments: dict[str, Any] = {"thing": thing, "value": value, "reason_code": "INCIDENT", "why": "it burns"}
    return Call(call_id=call_id, tool=tool, arguments=arguments)


DONE = [Saying(delta="done")]


@dataclass(kw_only=True)
class Office:
    db: Database
    lab: Lab
    staff: Staff
    rules: Rules
    script: list[Turn] = field(default_factory=lambda: [[a_change()], DONE, DONE, DONE])
    agent: AgentDefinition = field(default_factory=lambda: AgentDefinition(name="autopilot", charter=(), prompt=""))
    brain: Brain | None = None
    """instead of the script"""
    files: Files | None = None
    keys: Any = field(default_factory=lambda: count(1))
    threads: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.gateway = Gateway(
            db=self.db,
            registry=self.lab.registry(),
            rules=self.rules,
            redactor=Redactor.default(),
            people=self.staff,
        )
        self.desk = Orchestrator(
            db=self.db, gateway=self.gateway, people=self.staff, agents=Lineup.only(self.agent), per_minute=1_000_000
        )

    def worker(self, name: str = "w") -> Worker:
        runner = AgentRunner(
            db=self.db,
            gateway=self.gateway,
            people=self.staff,
            agent=self.agent,
            brain=self.brain or ScriptedBrain(self.script),
            env="prod",
            evidence_url=lambda hashed: hashed,
            files=self.files,
        )
        return Worker(db=self.db, gateway=self.gateway, runner=runner, stage=QuietStage(), name=name)

    async def claim(self, name: str = "w", lease: float = LEASE) -> Task | None:
        async with self.db.write() as tx:
            found = await tasks.claim(tx, owner=name, lease=lease, limit=1)
        return found[0] if found else None

    async def work(self, name: str = "w") -> bool:
        """Claim one task and work it as far as it goes; False when there was none."""
        task = await self.claim(name)
        if task is None:
            return False
        await self.worker(name)._work(Hooks(task, LEASE))
        return True

    async def ask(self, who: str = "U0ANA", *, text: str = BURNS, thread: str = "1.0") -> Task:
        task = await self.desk.submit(self.request(who, text=text, thread=thread))
        assert task is not None
        return task

    def request(self, who: str = "U0ANA", *, text: str = BURNS, thread: str = "1.0", key: str = "") -> Request:
        begins = thread not in self.threads
        self.threads.add(thread)
        return Request(
            tenant=TENANT,
            source=Source.MENTION,
            channel="C0INC",
            thread_ts=thread,
            request_ts=thread if begins else f"{thread}{next(self.keys):05}",
            requester=who,
            requester_team=TENANT,
            text=text,
            keys=(key or f"event-{next(self.keys)}",),
        )

    async def proposed(self, who: str = "U0ANA", *, text: str = BURNS) -> Proposal:
        """Ask and work until people are asked."""
        task = await self.ask(who, text=text, thread=f"{next(self.keys)}.0")
        while True:
            async with self.db.read() as tx:
                found = await proposals.of_task(tx, TENANT, task.id)
            if found:
                return found[-1]
            assert await self.work(), "the task asked nobody"

    async def of(self, task: Task) -> Proposal:
        """The newest proposal of a task."""
        async with self.db.read() as tx:
            return (await proposals.of_task(tx, TENANT, task.id))[-1]

    async def ran(self) -> Proposal:
        """A change that was approved by Dana and ran."""
        proposal = await self.proposed()
        await self.approve("U0DANA", proposal)
        await self.work()
        return await self.again(proposal)

    async def again(self, proposal: Proposal) -> Proposal:
        async with self.db.read() as tx:
            return await proposals.get(tx, TENANT, proposal.id)

    async def task(self, proposal: Proposal) -> Task:
        async with self.db.read() as tx:
            return await tasks.get(tx, TENANT, proposal.task_id)

    async def results(self, proposal: Proposal) -> list[str]:
        """The statuses of the task's results, in order."""
        task = await self.task(proposal)
        async with self.db.read() as tx:
            found = await steps.of_task(tx, task)
        return [str(s.body["status"]) for s in found if s.kind is StepKind.RESULT]

    def click(self, who: str, proposal: Proposal, *, key: str = "", tenant: str = TENANT) -> Click:
        return Click(tenant=tenant, proposal_id=proposal.id, who=who, key=key or f"press-{next(self.keys)}")

    async def approve(self, who: str, proposal: Proposal, **changes: str) -> Answer:
        return await self.desk.approve(self.click(who, proposal, **changes))

    async def reject(self, who: str, proposal: Proposal, reason: str = "", **changes: str) -> Answer:
        return await self.desk.reject(self.click(who, proposal, **changes), reason)

    async def edit(self, who: str, proposal: Proposal, **arguments: Any) -> Answer:
        values: dict[str, Any] = {"thing": "checkout", "value": 7, "env": "prod"} | arguments
        return await self.desk.edit(Edit(click=self.click(who, proposal), arguments=values))

    async def undo(self, who: str, proposal: Proposal) -> Answer:
        return await self.desk.undo(self.click(who, proposal))

    async def resolve(self, who: str, proposal: Proposal, verdict: Verdict) -> Answer:
        return await self.desk.resolve(self.click(who, proposal), verdict)
