"""Ask the gateway as a worker would, and read back what was written down."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from policy.mandate import unrestricted
from policy.types import Actor, Place
from storage import audit, intents, proposals, tasks
from storage.db import Database
from storage.hashchain import check
from storage.records import AuditEntry, Intent, Proposal, ProposalState, Task, TaskState
from tests.builders import TENANT
from tests.tools.spy import Notes
from tools.gateway import Gateway
from tools.outcomes import Execution, Outcome, Waiting
from tools.requests import RequestedCall, Scope

ANA = Actor(id="U0ANA", tenant=TENANT, groups=frozenset({"operators"}))
SET = {"thing": "checkout", "value": 7}


def a_call(task: Task, tool: str = "lab.set", arguments: Any = None, **changes: Any) -> RequestedCall:
    """Ana's call of lab.set with a reason."""
    values: dict[str, Any] = {
        "task": task,
        "scope": Scope(tools=("*",), max_proposals=8),
        "call_id": "c1",
        "tool": tool,
        "arguments": SET if arguments is None else arguments,
        "requester": ANA,
        "place": Place(id=task.channel, tenant=TENANT, max_autonomy=4),
        "reason_code": "" if tool in ("lab.read", "lab.any") else "INCIDENT",
        "why": "because",
        "mandate": unrestricted("the test's own"),
    }
    return RequestedCall(**(values | changes))


async def ask(gateway: Gateway, task: Task, tool: str = "lab.set", arguments: Any = None, **changes: Any) -> Outcome:
    return await gateway.call(a_call(task, tool, arguments, **changes), Notes())


async def propose(gateway: Gateway, db: Database, task: Task, **changes: Any) -> Proposal:
    """The open proposal that asking comes to."""
    outcome = await ask(gateway, task, **changes)
    assert isinstance(outcome, Waiting), outcome
    async with db.read() as tx:
        return await proposals.get(tx, TENANT, outcome.proposal_id)


async def approved(db: Database, proposal: Proposal, voters: Sequence[str] = ("U0DANA",)) -> Proposal:
    """The proposal with these approvals, as the ballots leave it."""
    async with db.write() as tx:
        for voter in voters:
            await proposals.vote(tx, tenant=TENANT, proposal_id=proposal.id, voter=voter, approve=True)
        return await proposals.move(tx, proposal, ProposalState.APPROVED)


ALL = Scope(tools=("*",), max_proposals=8)


async def execute(gateway: Gateway, task: Task, proposal: Proposal, scope: Scope | None = ALL) -> Execution:
    return await gateway.execute(task, proposal, Notes(), scope)


async def entries(db: Database, event: str = "") -> list[AuditEntry]:
    """The audit entries of one event, once the whole chain has verified."""
    async with db.read() as tx:
        found = await audit.entries(tx, TENANT)
    assert check(found) == []
    return [e for e in found if not event or e.event == f"ops.agent_task.{event}"]


async def bodies(db: Database, event: str) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in await entries(db, event)]


async def ledger(db: Database, task: Task) -> list[Intent]:
    async with db.read() as tx:
        return await intents.of_task(tx, TENANT, task.id)


async def proposals_of(db: Database, task: Task) -> list[Proposal]:
    async with db.read() as tx:
        return await proposals.of_task(tx, TENANT, task.id)


async def tamper(db: Database, statement: str, **values: Any) -> None:
    """Change the database behind the program's back."""
    async with db.write() as tx:
        await tx.run(sa.text(statement), values)


async def state_of(db: Database, task: Task) -> TaskState:
    async with db.read() as tx:
        return (await tasks.get(tx, TENANT, task.id)).state
