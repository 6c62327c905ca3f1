"""Redacted snapshots, each stored once under its content hash; rows can be emptied, never changed or deleted."""

import json
from typing import Any

import sqlalchemy as sa

from storage.canonical import canonical, digest
from storage.clock import now
from storage.db import Tx
from storage.errors import NotFound
from storage.inserts import new_in
from storage.plain import Plain
from storage.records import Evidence, JsonObject
from storage.tables import evidence


def _record(row: sa.Row[Any]) -> Evidence:
    return Evidence(
        hash=row.hash,
        tenant=row.tenant,
        task_id=row.task_id,
        tool=row.tool,
        label=row.label,
        content=json.loads(row.content),
        at=row.at,
        gone=row.gone,
    )


_KEEP = Plain(
    lambda engine: new_in(engine, evidence).values(at=now()),
    ("tenant", "hash", "task_id", "tool", "label", "content"),
)


async def keep(tx: Tx, *, tenant: str, task_id: str, tool: str, label: str, content: JsonObject) -> str:
    """Store a snapshot (already redacted) and give its hash; the same content of the same tenant is kept once."""
    text = canonical({"tool": tool, "label": label, "content": content, "task": task_id})
    hashed = digest(text)
    row = {"tenant": tenant, "hash": hashed, "task_id": task_id, "tool": tool, "label": label}
    await _KEEP.run(tx, {**row, "content": canonical(content)})
    return hashed


async def get(tx: Tx, tenant: str, hashed: str) -> Evidence:
    """One snapshot of this tenant.

    Raises:
        NotFound: none under this hash.
    """
    row = (
        await tx.run(sa.select(evidence).where(evidence.c.tenant == tenant, evidence.c.hash == hashed))
    ).one_or_none()
    if row is None:
        raise NotFound("evidence", hashed)
    return _record(row)


async def of_task(tx: Tx, tenant: str, task_id: str) -> list[Evidence]:
    """The snapshots taken for one task, oldest first."""
    rows = await tx.run(
        sa.select(evidence).where(evidence.c.tenant == tenant, evidence.c.task_id == task_id).order_by(evidence.c.at)
    )
    return [_record(row) for row in rows]
