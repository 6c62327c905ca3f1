"""Cases to evaluate agents with: what was asked, what came of it, and what people said of that. Written redacted.

A case is a rejected proposal, an answer that somebody called no help, or a thread that somebody kept.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.inserts import insert_new
from storage.records import JsonObject, Task
from storage.tables import evaluations


class EvaluationKind(StrEnum):
    REJECTED = "rejected"
    """a person said No to a proposal; the feedback is the reason"""
    BAD_ANSWER = "bad_answer"
    """a person's thumb below an answer pointed down"""
    KEPT = "kept"
    """a person put the case emoji on a message of a thread"""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One case."""

    id: str
    tenant: str
    kind: EvaluationKind
    subject: str
    """what it is about, once for each kind: a proposal's id, an answer's task and its judge, a thread"""
    channel: str
    thread_ts: str
    task_id: str
    proposal_id: str | None
    request: str
    proposed: JsonObject
    """the call, redacted"""
    feedback: str
    by: str
    agent: str
    agent_version: str
    at: float


def _record(row: sa.Row[Any]) -> Evaluation:
    values = {name: row._mapping[name] for name in Evaluation.__dataclass_fields__}
    return Evaluation(**{**values, "kind": EvaluationKind(row.kind)})


async def keep(
    tx: Tx,
    task: Task,
    *,
    kind: EvaluationKind,
    subject: str,
    request: str,
    by: str,
    feedback: str = "",
    proposal_id: str | None = None,
    proposed: JsonObject | None = None,
) -> bool:
    """Keep one case, in the caller's transaction; False when it was kept before. Everything in it must be redacted."""
    done = await tx.run(
        insert_new(tx, evaluations).values(
            id=new_id("v"),
            tenant=task.tenant,
            kind=kind,
            subject=subject,
            channel=task.channel,
            thread_ts=task.thread_ts,
            task_id=task.id,
            proposal_id=proposal_id,
            request=request,
            proposed=proposed or {},
            feedback=feedback,
            by=by,
            agent=task.agent,
            agent_version=task.agent_version,
            at=now(),
        )
    )
    return bool(done.rowcount)


async def drop(tx: Tx, tenant: str, kind: EvaluationKind, subject: str) -> bool:
    """Forget a case; False when there was none."""
    which = sa.and_(evaluations.c.tenant == tenant, evaluations.c.kind == kind, evaluations.c.subject == subject)
    return bool((await tx.run(evaluations.delete().where(which))).rowcount)


async def newest(
    tx: Tx, *, tenant: str, kind: EvaluationKind | None = None, limit: int = 1_000_000
) -> list[Evaluation]:
    """The newest cases of a tenant, oldest first; only those of a kind when one is named."""
    query = sa.select(evaluations).where(evaluations.c.tenant == tenant)
    if kind is not None:
        query = query.where(evaluations.c.kind == kind)
    rows = await tx.run(query.order_by(evaluations.c.at.desc(), evaluations.c.id.desc()).limit(limit))
    return [_record(row) for row in reversed(rows.all())]


async def tenants(tx: Tx) -> list[str]:
    """Who has cases."""
    rows = await tx.run(sa.select(evaluations.c.tenant).distinct().order_by(evaluations.c.tenant))
    return [str(row.tenant) for row in rows]
