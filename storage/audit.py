"""The append-only record: one hash chain a tenant. Written in the transaction of the change it tells of, at its end:
the head row is then the last lock every writer takes, so it is held briefly and no two writers wait for each other."""

from typing import Any

import sqlalchemy as sa

from storage.canonical import canonical
from storage.clock import now
from storage.db import Tx
from storage.hashchain import GENESIS, link_hash
from storage.inserts import insert_new
from storage.records import AuditEntry, JsonObject
from storage.tables import audit, audit_heads


def _record(row: sa.Row[Any]) -> AuditEntry:
    return AuditEntry(**{name: row._mapping[name] for name in AuditEntry.__dataclass_fields__})


async def append(
    tx: Tx, tenant: str, event: str, *, task_id: str = "", correlation_id: str = "", body: JsonObject | None = None
) -> None:
    """Add one entry at the end of the tenant's chain, when this transaction commits and only then.

    Raises:
        ValueError: the body has no canonical form.
    """
    text = canonical(body or {})
    tx.at_end.append(lambda: _link(tx, tenant, event, task_id, correlation_id, text))


async def _link(tx: Tx, tenant: str, event: str, task_id: str, correlation_id: str, text: str) -> None:
    head = (
        sa.select(audit_heads.c.seq, audit_heads.c.hash, now().label("at"))
        .where(audit_heads.c.tenant == tenant)
        .with_for_update()
    )
    row = (await tx.run(head)).one_or_none()
    if row is None:
        await tx.run(insert_new(tx, audit_heads).values(tenant=tenant, seq=0, hash=GENESIS))
        row = (await tx.run(head)).one()
    at = round(float(row.at), 6)
    seq = row.seq + 1
    values = {
        "tenant": tenant,
        "seq": seq,
        "at": at,
        "event": event,
        "task_id": task_id,
        "correlation_id": correlation_id,
        "body": text,
        "prev": row.hash,
    }
    hashed = link_hash(**values)
    await tx.run(audit.insert().values(**values, hash=hashed))
    await tx.run(audit_heads.update().where(audit_heads.c.tenant == tenant).values(seq=seq, hash=hashed))


async def entries(tx: Tx, tenant: str, *, after: int = 0, limit: int = 1000, task_id: str = "") -> list[AuditEntry]:
    """Entries of one tenant in order of the chain, from `after` (exclusive)."""
    query = sa.select(audit).where(audit.c.tenant == tenant, audit.c.seq > after)
    if task_id:
        query = query.where(audit.c.task_id == task_id)
    rows = await tx.run(query.order_by(audit.c.seq).limit(limit))
    return [_record(row) for row in rows]


async def tenants(tx: Tx) -> list[tuple[str, int, str]]:
    """(tenant, last sequence number, last hash) of every chain."""
    rows = await tx.run(sa.select(audit_heads).order_by(audit_heads.c.tenant))
    return [(row.tenant, row.seq, row.hash) for row in rows]
