"""How an agent has done with a tool lately: what ran, what people said to it, what was refused. From the record."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.db import Tx
from storage.erased import told
from storage.records import IntentState, ProposalState
from storage.tables import audit, audit_heads, intents, proposals, tasks

MOST = 300
"""newest things of each kind that are looked at"""
MOST_ENTRIES = 5000
_BROKEN = (IntentState.FAILED, IntentState.IN_DOUBT)
_SAID_NO = (ProposalState.REJECTED,)
_SAID_YES = (ProposalState.APPROVED, ProposalState.RUNNING, ProposalState.RAN, ProposalState.FAILED)
NOT_ITS_FAULT = ("builtin:halt", "deny-frozen", "deny-over-budget")
"""refusals that say nothing of the agent"""


@dataclass(frozen=True, kw_only=True)
class Conduct:
    """One agent with one tool. Each list is in order of time, 1 where something went wrong."""

    failed: list[int]
    rejected: list[int]
    undone: list[int]
    denied: list[int]
    seconds: list[float]
    """how long each run took"""
    share: list[int]
    """of all calls of this agent, 1 where it was this tool"""

    @property
    def size(self) -> int:
        return sum(map(len, (self.failed, self.rejected, self.denied, self.share)))


async def of(tx: Tx, tenant: str, agent: str, tool: str, *, since: float) -> Conduct:
    """What is known since then (seconds since the epoch)."""
    by_agent = intents.join(tasks, tasks.c.id == intents.c.task_id)
    mine = (intents.c.tenant == tenant, tasks.c.agent == agent, intents.c.started_at > since)
    newest = intents.c.started_at.desc()
    runs = (
        await tx.run(
            sa.select(intents).select_from(by_agent).where(*mine, intents.c.tool == tool).order_by(newest).limit(MOST)
        )
    ).all()[::-1]
    calls = (
        await tx.run(sa.select(intents.c.tool).select_from(by_agent).where(*mine).order_by(newest).limit(MOST))
    ).all()[::-1]
    asked = (
        await tx.run(
            sa.select(proposals.c.state, proposals.c.undone_by)
            .select_from(proposals.join(tasks, tasks.c.id == proposals.c.task_id))
            .where(
                proposals.c.tenant == tenant,
                tasks.c.agent == agent,
                proposals.c.tool == tool,
                proposals.c.created_at > since,
                proposals.c.undoes.is_(None),
                proposals.c.state.in_((*_SAID_NO, *_SAID_YES)),
            )
            .order_by(proposals.c.created_at.desc())
            .limit(MOST)
        )
    ).all()[::-1]
    ended = [run for run in runs if run.state != IntentState.STARTED]
    return Conduct(
        failed=[int(run.state in _BROKEN) for run in ended],
        rejected=[int(one.state in _SAID_NO) for one in asked],
        undone=[int(one.undone_by is not None) for one in asked if one.state == ProposalState.RAN],
        denied=await _denied(tx, tenant, tool, since),
        seconds=[run.finished_at - run.started_at for run in ended if run.finished_at is not None],
        share=[int(call.tool == tool) for call in calls],
    )


async def _denied(tx: Tx, tenant: str, tool: str, since: float) -> list[int]:
    """Each time the tool was asked for: 1 where a rule refused it."""
    head = sa.select(audit_heads.c.seq).where(audit_heads.c.tenant == tenant).scalar_subquery()
    words = ("ops.agent_task.denied", "ops.agent_task.call_started")
    rows = await tx.run(
        sa.select(audit.c.event, audit.c.body)
        .where(
            audit.c.tenant == tenant, audit.c.seq > head - MOST_ENTRIES, audit.c.at > since, audit.c.event.in_(words)
        )
        .order_by(audit.c.seq)
    )
    said: list[int] = []
    for row in rows:
        body: Any = told(row.body)
        if body.get("tool") != tool or set(body.get("rules", ())) & set(NOT_ITS_FAULT):
            continue
        said.append(int(row.event == words[0]))
    return said[-MOST:]
