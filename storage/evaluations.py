"""Cases to evaluate agents with: what was asked, what was proposed, and what people said of it. Written redacted."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.records import JsonObject, Task
from storage.tables import evaluations


class EvaluationKind(StrEnum):
    REJECTED = "rejected"
    """a person said No to a proposal; the feedback is the reason"""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One case."""

    id: str
    tenant: str
    kind: EvaluationKind
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
    request: str,
    feedback: str,
    by: str,
    proposal_id: str | None = None,
    proposed: JsonObject | None = None,
) -> None:
    """Keep one case, in the caller's transaction. Everything in it must be redacted already."""
    await tx.run(
        evaluations.insert().values(
            id=new_id("v"),
            tenant=task.tenant,
            kind=kind,
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


async def newest(tx: Tx, *, tenant: str, limit: int = 1_000_000) -> list[Evaluation]:
    """The newest cases of a tenant, oldest first."""
    query = sa.select(evaluations).where(evaluations.c.tenant == tenant)
    rows = await tx.run(query.order_by(evaluations.c.at.desc(), evaluations.c.id.desc()).limit(limit))
    return [_record(row) for row in reversed(rows.all())]


async def tenants(tx: Tx) -> list[str]:
    """Who has cases."""
    rows = await tx.run(sa.select(evaluations.c.tenant).distinct().order_by(evaluations.c.tenant))
    return [str(row.tenant) for row in rows]
