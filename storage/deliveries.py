"""Who sends to a sink now, what it still lacks, and what came of a round: claimed, read, settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.errors import LostRace
from storage.records import AuditEntry
from storage.sinks import DeliveryState, Sink, SinkState, exceptions_of, to_record
from storage.tables import audit as entries
from storage.tables import audit_heads, event_deliveries, event_sinks

_ENTRY = [entries.c[name] for name in AuditEntry.__dataclass_fields__]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One entry that a sink has not settled."""

    entry: AuditEntry
    tries: int = 0
    wait: float = 0.0
    """seconds until it may be tried again"""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """An entry the sink refused: tried again after `delay`, or parked when there is none."""

    seq: int
    tries: int
    error: str
    delay: float | None


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What one round came to."""

    cursor: int
    seen: int
    settled: Sequence[int] = ()
    tried: Sequence[Tried] = ()
    failures: int = 0
    refusals: int = 0
    delivered: bool = False
    delay: float = 0.0
    error: str = ""


def _entry(row: sa.Row[Any]) -> AuditEntry:
    return AuditEntry(**{name: row._mapping[name] for name in AuditEntry.__dataclass_fields__})


def _ready() -> sa.ColumnElement[bool]:
    """Active, not backing off, held by nobody, and something is there to send."""
    head = sa.select(audit_heads.c.seq).where(audit_heads.c.tenant == event_sinks.c.tenant).scalar_subquery()
    again = sa.exists().where(
        event_deliveries.c.sink_id == event_sinks.c.id,
        event_deliveries.c.state == DeliveryState.TRYING,
        event_deliveries.c.due_at <= now(),
    )
    return sa.and_(
        event_sinks.c.state == SinkState.ACTIVE,
        event_sinks.c.next_try_at <= now(),
        sa.or_(event_sinks.c.owner.is_(None), event_sinks.c.lease_until < now()),
        sa.or_(head > event_sinks.c.seen, again),
    )


async def ready(tx: Tx, limit: int) -> list[str]:
    """Ids of sinks with something to send, longest waiting first. Locks nothing."""
    rows = await tx.run(
        sa.select(event_sinks.c.id).where(_ready()).order_by(event_sinks.c.next_try_at, event_sinks.c.id).limit(limit)
    )
    return [row.id for row in rows]


async def claim(tx: Tx, sink_id: str, *, owner: str, lease: float) -> Sink | None:
    """Lease the sink to one publisher, or None when another has it or nothing is to be sent."""
    row = (
        await tx.run(
            event_sinks.update()
            .where(event_sinks.c.id == sink_id, _ready())
            .values(owner=owner, lease_until=now() + lease, fence=event_sinks.c.fence + 1)
            .returning(event_sinks)
        )
    ).one_or_none()
    return None if row is None else to_record(row)


async def unsettled(tx: Tx, sink: Sink, limit: int) -> tuple[list[Waiting], int]:
    """What the sink has not settled, in order; and up to which entry that is everything there is."""
    head = (await tx.run(sa.select(audit_heads.c.seq).where(audit_heads.c.tenant == sink.tenant))).scalar_one_or_none()
    query = (
        sa.select(*_ENTRY, event_deliveries.c.tries, (event_deliveries.c.due_at - now()).label("wait"))
        .outerjoin_from(entries, event_deliveries, exceptions_of(sink))
        .order_by(entries.c.seq)
        .limit(limit)
    )
    trying = event_deliveries.c.state == DeliveryState.TRYING
    old = query.where(entries.c.tenant == sink.tenant, entries.c.seq <= sink.cursor, trying)
    new = query.where(
        entries.c.tenant == sink.tenant,
        entries.c.seq > sink.cursor,
        entries.c.seq <= (head or 0),
        sa.or_(event_deliveries.c.state.is_(None), trying),
    )
    first = [_waiting(row) for row in await tx.run(old)]
    rest = [_waiting(row) for row in await tx.run(new)]
    return first + rest, (rest[-1].entry.seq if len(rest) == limit else max(head or 0, sink.cursor))


def _waiting(row: sa.Row[Any]) -> Waiting:
    return Waiting(entry=_entry(row), tries=row.tries or 0, wait=max(0.0, row.wait or 0.0))


async def settle(tx: Tx, sink: Sink, round_: Settlement) -> Sink:
    """Note what a round came to and give the sink back.

    Raises:
        LostRace: the lease went to another meanwhile, or the sink was removed; nothing is noted.
    """
    row = (
        await tx.run(
            event_sinks.update()
            .where(event_sinks.c.id == sink.id, event_sinks.c.owner == sink.owner, event_sinks.c.fence == sink.fence)
            .values(
                cursor=round_.cursor,
                seen=round_.seen,
                failures=round_.failures,
                refusals=round_.refusals,
                failing_since=_failing_since(round_),
                next_try_at=now() + round_.delay,
                delivered_at=now() if round_.delivered else event_sinks.c.delivered_at,
                last_error=round_.error,
                owner=None,
                lease_until=None,
            )
            .returning(event_sinks)
        )
    ).one_or_none()
    if row is None:
        raise LostRace("event sink", sink.id)
    await _write_exceptions(tx, sink, round_)
    return to_record(row)


def _failing_since(round_: Settlement) -> Any:
    if not round_.failures:
        return None
    return now() if round_.delivered else sa.func.coalesce(event_sinks.c.failing_since, now())


async def _write_exceptions(tx: Tx, sink: Sink, round_: Settlement) -> None:
    mine = event_deliveries.c.sink_id == sink.id
    touched = [*round_.settled, *(one.seq for one in round_.tried)]
    passed = sa.and_(event_deliveries.c.state == DeliveryState.SETTLED, event_deliveries.c.seq <= round_.cursor)
    await tx.run(event_deliveries.delete().where(mine, sa.or_(event_deliveries.c.seq.in_(touched), passed)))
    at = await tx.time()
    rows: list[dict[str, Any]] = [
        {"sink_id": sink.id, "seq": seq, "state": DeliveryState.SETTLED, "tries": 0, "due_at": at, "error": ""}
        for seq in round_.settled
        if seq > round_.cursor
    ]
    for one in round_.tried:
        state = DeliveryState.PARKED if one.delay is None else DeliveryState.TRYING
        due = at + (one.delay or 0.0)
        rows.append(
            {"sink_id": sink.id, "seq": one.seq, "state": state, "tries": one.tries, "due_at": due, "error": one.error}
        )
    if rows:
        await tx.run(event_deliveries.insert(), rows)
