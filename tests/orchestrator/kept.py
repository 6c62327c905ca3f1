"""A task with a row of everything that is kept of one, and all that a database holds."""

import json
from typing import Any

import sqlalchemy as sa

from storage import audit, evidence, feedback, intents, posts, proposals, steps, tasks
from storage.canonical import canonical, digest
from storage.clock import now
from storage.db import Database, Tx
from storage.records import JsonObject, NewIntent, PostKind, ProposalState, StepKind, Task, TaskState
from storage.tables import metadata
from storage.tables import tasks as rows
from tests.builders import TENANT, a_new_task

ANA, DANA = "U0ANA77", "U0DANA7"


async def a_whole_task(db: Database, requester: str, words: str, *, ended: bool = True) -> Task:
    """A task with a row of everything, in which Dana approved."""
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task(requester=requester, text=words, title=words))
        sealed = canonical({"says": words, "task": task.id, "requester": requester})
        key = digest(sealed)
        call: dict[str, Any] = {"tenant": TENANT, "task_id": task.id, "call_id": "c1", "tool": "lab.set"}
        made = await proposals.create(tx, proposal_id=key, sealed=sealed, expires_at=2e9, **call)
        await proposals.vote(tx, tenant=TENANT, proposal_id=key, voter=DANA, approve=True, reason=words)
        if ended:
            await proposals.move(tx, made, ProposalState.RAN, outcome=words)
            over = {"state": TaskState.COMPLETED, "finished_at": now(), "reason": words}
            await tx.run(sa.update(rows).where(rows.c.id == task.id).values(over))
            task = await tasks.get(tx, TENANT, task.id)
        await steps.append(tx, task, 0, [(StepKind.USER, {"text": words}), (StepKind.SAID, {"text": words})])
        await intents.begin(tx, _intent(task, words))
        kept = await evidence.keep(
            tx, tenant=TENANT, task_id=task.id, tool="lab.set", label=words, content={"of": words}
        )
        await posts.want(
            tx, tenant=TENANT, kind=PostKind.CARD, subject=key, channel="C0INC", task_id=task.id, body={"s": words}
        )
        await feedback.keep(tx, task, requester, "good")
        said: JsonObject = {
            "tool": "lab.set",
            "proposal": key,
            "by": [DANA],
            "who": requester,
            "words": words,
            "evidence": kept,
        }
        await audit.append(tx, TENANT, "ops.agent_task.executed", task_id=task.id, body=said)
    return task


def _intent(task: Task, words: str) -> NewIntent:
    names = ("skill", "tool", "tool_version", "tier", "reason_code", "idempotency_key", "correlation_id")
    fixed: dict[str, Any] = dict.fromkeys(names, "x")
    more: dict[str, Any] = {"agent_version": "a", "policy_version": "p", "rules": [], "dry_run": False}
    who: dict[str, Any] = {"invoked_by": task.requester, "approved_by": [DANA], "input": {"of": words}}
    return NewIntent(key=f"call:{task.id}", tenant=TENANT, task_id=task.id, **fixed, **more, **who)


async def everything(tx: Tx) -> str:
    """All that the database holds, as text."""
    rows = [row for table in metadata.sorted_tables for row in (await tx.run(sa.select(table))).all()]
    return json.dumps([[str(value) for value in row] for row in rows], ensure_ascii=False)
