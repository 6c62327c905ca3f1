"""The append-only record: one hash chain a tenant. Written in the transaction of the change it tells of, at its end:
the head row is then the last lock every writer takes, so it is held briefly and no two writers wait for each other."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from storage.canonical import canonical
from storage.clock import now
from storage.db import Link, Tx
from storage.erased import linked_over, new_salt
from storage.hashchain import GENESIS, link_hash
from storage.inserts import insert_new
from storage.plain import Plain
from storage.records import AuditEntry, JsonObject
from storage.tables import audit, audit_heads

if TYPE_CHECKING:
    from storage.verify_audit import Row


def record(row: sa.Row[Any]) -> AuditEntry:
    """The entry of a whole row."""
    return AuditEntry(**{name: row._mapping[name] for name in AuditEntry.__dataclass_fields__})


WAKE = "audit"
"""rung on the replica that wrote an entry"""
_HEAD = Plain(
    sa.select(audit_heads.c.seq, audit_heads.c.hash, now().label("at"))
    .where(audit_heads.c.tenant == sa.bindparam("of"))
    .with_for_update(),
    ("of",),
)
_FIELDS = tuple(AuditEntry.__dataclass_fields__)
_ENTRY = Plain(audit.insert(), _FIELDS)
_NEW_HEAD = Plain(audit_heads.update().where(audit_heads.c.tenant == sa.bindparam("of")), ("of", "seq", "hash"))


@lru_cache(maxsize=32)
def _entries_and_head(count: int) -> Plain:
    """All in one round trip: PostgreSQL's alone, while all wait who write for this tenant."""
    given = [{name: sa.bindparam(f"{name}_{n}", type_=audit.c[name].type) for name in _FIELDS} for n in range(count)]
    head = audit_heads.update().where(audit_heads.c.tenant == given[-1]["tenant"])
    moved = head.values(seq=given[-1]["seq"], hash=given[-1]["hash"])
    entries_ = audit.insert().values(given).cte("entry")
    return Plain(moved.add_cte(entries_), tuple(f"{name}_{n}" for n in range(count) for name in _FIELDS))


async def append(
    tx: Tx, tenant: str, event: str, *, task_id: str = "", correlation_id: str = "", body: JsonObject | None = None
) -> None:
    """Add one entry at the end of the tenant's chain, when this transaction commits and only then.

    Raises:
        ValueError: the body has no canonical form.
    """
    if not tx.links:
        tx.at_end.append(lambda: _link_all(tx))
        tx.rouse(WAKE)
    tx.links.append((tenant, event, task_id, correlation_id, canonical(body or {})))


async def _link_all(tx: Tx) -> None:
    for tenant in sorted({link[0] for link in tx.links}):
        await _link(tx, tenant, [link for link in tx.links if link[0] == tenant])


async def _link(tx: Tx, tenant: str, links: list[Link]) -> None:
    head = await _HEAD.run(tx, {"of": tenant})
    if not head:
        await tx.run(insert_new(tx, audit_heads).values(tenant=tenant, seq=0, hash=GENESIS))
        head = await _HEAD.run(tx, {"of": tenant})
    [(seq, prev, time)] = head
    rows = _linked(tenant, links, seq=seq, prev=prev, at=round(float(time), 6))
    if tx.conn.dialect.name == "postgresql":
        given = {f"{name}_{n}": value for n, row in enumerate(rows) for name, value in row.items()}
        await _entries_and_head(len(rows)).run(tx, given)
        return
    for row in rows:
        await _ENTRY.run(tx, row)
    await _NEW_HEAD.run(tx, {"of": tenant, "seq": rows[-1]["seq"], "hash": rows[-1]["hash"]})


def _linked(tenant: str, links: Iterable[Link], *, seq: int, prev: str, at: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for _, event, task_id, correlation_id, text in links:
        seq += 1
        values: dict[str, Any] = {
            "tenant": tenant,
            "seq": seq,
            "at": at,
            "event": event,
            "task_id": task_id,
            "correlation_id": correlation_id,
            "prev": prev,
        }
        salt = new_salt()
        prev = link_hash(**values, body=linked_over(text, salt))
        rows.append({**values, "body": text, "salt": salt, "hash": prev})
    return rows


async def entries(tx: Tx, tenant: str, *, after: int = 0, limit: int = 1000, task_id: str = "") -> list[AuditEntry]:
    """Entries of one tenant in order of the chain, from `after` (exclusive)."""
    query = sa.select(audit).where(audit.c.tenant == tenant, audit.c.seq > after)
    if task_id:
        query = query.where(audit.c.task_id == task_id)
    rows = await tx.run(query.order_by(audit.c.seq).limit(limit))
    return [record(row) for row in rows]


_ROWS = Plain(
    sa.select(*(audit.c[name] for name in _FIELDS))
    .where(
        audit.c.tenant == sa.bindparam("of"), audit.c.seq > sa.bindparam("after"), audit.c.seq <= sa.bindparam("upto")
    )
    .order_by(audit.c.seq)
    .limit(sa.bindparam("most")),
    ("of", "after", "upto", "most"),
)


async def rows(tx: Tx, tenant: str, *, after: int, upto: int, limit: int) -> "list[Row]":
    """As `entries`, as plain rows in the order the verifier takes them: for those who go through millions."""
    found: Any = await _ROWS.run(tx, {"of": tenant, "after": after, "upto": upto, "most": limit})
    return list(found)


async def tenants(tx: Tx) -> list[tuple[str, int, str]]:
    """(tenant, last sequence number, last hash) of every chain."""
    rows = await tx.run(sa.select(audit_heads).order_by(audit_heads.c.tenant))
    return [(row.tenant, row.seq, row.hash) for row in rows]
