"""Webhook sinks and how far each has come. The events themselves are the audit entries; nothing is written twice.

Everything at or below a sink's `cursor` is settled. Rows of `event_deliveries` are the exceptions: settled above the
cursor, being tried again, or parked (given up, until a person says retry).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from storage import audit
from storage.clock import now
from storage.db import Tx
from storage.errors import NotFound
from storage.ids import new_id
from storage.tables import audit as entries
from storage.tables import audit_heads, event_deliveries, event_sinks


class SinkState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class DeliveryState(StrEnum):
    SETTLED = "settled"
    """delivered, or not asked for"""
    TRYING = "trying"
    PARKED = "parked"


@dataclass(frozen=True, kw_only=True)
class Sink:
    id: str
    tenant: str
    url: str
    secret_env: str
    """the environment variable that holds the signing secret; the secret itself is never stored"""
    private: bool
    """may be at a private address"""
    patterns: list[str]
    state: SinkState
    why: str
    """why it is paused"""
    cursor: int
    seen: int
    """what lies between cursor and here is settled, or waits in line for an entry that is due later"""
    failures: int
    """rounds in a row that ended with the sink unable to take anything"""
    refusals: int
    """events parked since one was last delivered"""
    failing_since: float | None
    next_try_at: float
    delivered_at: float | None
    last_error: str
    owner: str | None
    fence: int
    created_at: float


@dataclass(frozen=True, kw_only=True)
class Parked:
    seq: int
    event: str
    task_id: str
    error: str


def to_record(row: sa.Row[Any]) -> Sink:
    """The sink of a whole row."""
    values = {name: row._mapping[name] for name in Sink.__dataclass_fields__}
    return Sink(**{**values, "state": SinkState(row.state)})


async def add(
    tx: Tx, *, tenant: str, url: str, secret_env: str, patterns: Sequence[str], private: bool, from_start: bool
) -> Sink:
    """A new sink; it gets what happens from now on, or everything on record."""
    head = (await tx.run(sa.select(audit_heads.c.seq).where(audit_heads.c.tenant == tenant))).scalar_one_or_none()
    begin = 0 if from_start else head or 0
    insert = event_sinks.insert().values(
        id=new_id("k"),
        tenant=tenant,
        url=url,
        secret_env=secret_env,
        private=private,
        patterns=list(patterns),
        state=SinkState.ACTIVE,
        cursor=begin,
        seen=begin,
        next_try_at=now(),
        created_at=now(),
    )
    return to_record((await tx.run(insert.returning(event_sinks))).one())


async def find(tx: Tx, sink_id: str) -> Sink:
    """The sink of this id.

    Raises:
        NotFound: there is none.
    """
    row = (await tx.run(sa.select(event_sinks).where(event_sinks.c.id == sink_id))).one_or_none()
    if row is None:
        raise NotFound("event sink", sink_id)
    return to_record(row)


async def every(tx: Tx, tenant: str = "") -> list[Sink]:
    """All sinks, or one tenant's, oldest first."""
    query = sa.select(event_sinks).order_by(event_sinks.c.created_at, event_sinks.c.id)
    if tenant:
        query = query.where(event_sinks.c.tenant == tenant)
    return [to_record(row) for row in await tx.run(query)]


async def remove(tx: Tx, sink: Sink) -> None:
    """Forget the sink; a round that is at work on it comes to nothing."""
    await tx.run(sa.select(event_sinks.c.id).where(event_sinks.c.id == sink.id).with_for_update())
    await tx.run(event_deliveries.delete().where(event_deliveries.c.sink_id == sink.id))
    await tx.run(event_sinks.delete().where(event_sinks.c.id == sink.id))


async def behind(tx: Tx, sink: Sink) -> int:
    """How many entries of the record lie above the sink's cursor."""
    head = (await tx.run(sa.select(audit_heads.c.seq).where(audit_heads.c.tenant == sink.tenant))).scalar_one_or_none()
    return max(0, (head or 0) - sink.cursor)


def exceptions_of(sink: Sink) -> sa.ColumnElement[bool]:
    """Joins audit entries with what this sink's exceptions say about them."""
    return sa.and_(
        entries.c.tenant == sink.tenant, event_deliveries.c.sink_id == sink.id, event_deliveries.c.seq == entries.c.seq
    )


async def parked(tx: Tx, sink: Sink, limit: int = 20) -> list[Parked]:
    """The entries given up on, oldest first."""
    rows = await tx.run(
        sa.select(entries.c.seq, entries.c.event, entries.c.task_id, event_deliveries.c.error)
        .join_from(event_deliveries, entries, exceptions_of(sink))
        .where(event_deliveries.c.state == DeliveryState.PARKED)
        .order_by(entries.c.seq)
        .limit(limit)
    )
    return [Parked(seq=row.seq, event=row.event, task_id=row.task_id, error=row.error) for row in rows]


async def parked_count(tx: Tx, sink: Sink) -> int:
    """How many entries were given up on."""
    rows = event_deliveries.select().where(
        event_deliveries.c.sink_id == sink.id, event_deliveries.c.state == DeliveryState.PARKED
    )
    return int((await tx.run(sa.select(sa.func.count()).select_from(rows.subquery()))).scalar_one())


async def pause(tx: Tx, sink: Sink, why: str) -> None:
    """Send it nothing more until `resume`; its backlog stays."""
    await tx.run(event_sinks.update().where(event_sinks.c.id == sink.id).values(state=SinkState.PAUSED, why=why))


async def resume(tx: Tx, sink: Sink) -> int:
    """Try again now, paused or backing off, and the parked entries too; how many those are."""
    await tx.run(
        event_sinks.update()
        .where(event_sinks.c.id == sink.id)
        .values(
            state=SinkState.ACTIVE,
            why="",
            failures=0,
            refusals=0,
            failing_since=None,
            last_error="",
            next_try_at=now(),
        )
    )
    done = await tx.run(
        event_deliveries.update()
        .where(event_deliveries.c.sink_id == sink.id, event_deliveries.c.state == DeliveryState.PARKED)
        .values(state=DeliveryState.TRYING, tries=0, due_at=now(), error="")
    )
    return int(done.rowcount)


async def note(tx: Tx, sink: Sink, event: str, *, host: str, why: str = "") -> None:
    """One audit entry about the sink itself. Its address is not in it: paths of webhooks are often secrets."""
    await audit.append(tx, sink.tenant, f"ops.event_sink.{event}", body={"sink": sink.id, "host": host, "why": why})
