"""Threads worth asking again: what people kept, or what was rejected. One row a subject and source."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.inserts import insert_new
from storage.tables import evaluation_cases


class CaseSource(StrEnum):
    """What made a thread a case."""

    REACTION = "reaction"
    """a person put the case emoji on a message"""
    REJECTED = "rejected"
    """a person rejected a proposal, with a reason"""


@dataclass(frozen=True, kw_only=True)
class EvaluationCase:
    id: str
    tenant: str
    source: CaseSource
    subject: str
    """what it is about, unique for its source: "channel:thread" or a proposal's id"""
    channel: str
    thread_ts: str
    task_id: str | None
    by: str
    note: str
    at: float


def _record(row: sa.Row[Any]) -> EvaluationCase:
    values = {name: row._mapping[name] for name in EvaluationCase.__dataclass_fields__}
    return EvaluationCase(**{**values, "source": CaseSource(row.source)})


async def keep(
    tx: Tx,
    tenant: str,
    source: CaseSource,
    subject: str,
    *,
    channel: str,
    thread_ts: str,
    task_id: str | None,
    by: str,
    note: str = "",
) -> bool:
    """Keep a case; False when this subject was kept before."""
    row = {"id": new_id("c"), "tenant": tenant, "source": source, "subject": subject, "channel": channel}
    row |= {"thread_ts": thread_ts, "by": by, "note": note}
    done = await tx.run(insert_new(tx, evaluation_cases).values(**row, task_id=task_id, at=now()))
    return bool(done.rowcount)


async def drop(tx: Tx, tenant: str, source: CaseSource, subject: str) -> bool:
    """Forget a case; False when there was none."""
    which = sa.and_(
        evaluation_cases.c.tenant == tenant, evaluation_cases.c.source == source, evaluation_cases.c.subject == subject
    )
    return bool((await tx.run(evaluation_cases.delete().where(which))).rowcount)


async def of_tenant(tx: Tx, tenant: str, *, limit: int = 500) -> list[EvaluationCase]:
    """The newest cases first."""
    query = sa.select(evaluation_cases).where(evaluation_cases.c.tenant == tenant)
    rows = await tx.run(query.order_by(evaluation_cases.c.at.desc()).limit(limit))
    return [_record(row) for row in rows]
