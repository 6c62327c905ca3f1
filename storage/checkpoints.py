"""Signed marks in the chain: what stood there at one time, kept here and published elsewhere."""

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_new
from storage.records import JsonObject
from storage.tables import audit, audit_heads, checkpoints
from storage.verify_audit import key_id, merkle_root, signed_text

if TYPE_CHECKING:  # cryptography costs memory, and only who signs needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MOST_IN_ONE = 50_000
"""entries under one checkpoint, so that a proof and its making stay small"""


class BadKey(ValueError):
    """The text is no Ed25519 private key."""


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs with one Ed25519 key."""

    id: str
    public: str
    """base64"""
    _key: "Ed25519PrivateKey"

    @classmethod
    def read(cls, text: str) -> "Signer":
        """The signer of a private key, written as base64 of its 32 bytes.

        Raises:
            BadKey: it is none.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.strip(), validate=True))
        except ValueError:
            raise BadKey("not an Ed25519 key in base64; make one with 'autopilot audit key --new FILE'") from None
        public = key.public_key().public_bytes_raw()
        return cls(id=key_id(public), public=base64.b64encode(public).decode(), _key=key)

    def sign(self, statement: JsonObject) -> JsonObject:
        """The statement with this key's id and signature."""
        named: dict[str, Any] = {**statement, "key_id": self.id}
        return {**named, "signature": base64.b64encode(self._key.sign(signed_text(named))).decode()}


def new_key() -> str:
    """A fresh private key, as `Signer.read` takes it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One signed mark. `statement` is what was published."""

    tenant: str
    seq: int
    first: int
    """the first entry it covers; it covers up to `seq`"""
    statement: JsonObject
    published: bool

    @property
    def line(self) -> str:
        """As it is published: one line of JSON."""
        return written(self.statement)


def written(statement: JsonObject) -> str:
    """A signed statement as one line of JSON."""
    return json.dumps(statement, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _record(row: sa.Row[Any]) -> Checkpoint:
    statement = json.loads(row.statement)
    return Checkpoint(
        tenant=row.tenant, seq=row.seq, first=statement["from"], statement=statement, published=row.published
    )


async def make(tx: Tx, tenant: str, signer: Signer) -> Checkpoint | None:
    """Sign what came since the last checkpoint (at most MOST_IN_ONE entries); None when nothing came."""
    head = (
        await tx.run(sa.select(audit_heads.c.seq).where(audit_heads.c.tenant == tenant).with_for_update())
    ).scalar_one_or_none()
    last = (await tx.run(sa.select(sa.func.max(checkpoints.c.seq)).where(checkpoints.c.tenant == tenant))).scalar() or 0
    if head is None or head <= last:
        return None
    upto = min(int(head), last + MOST_IN_ONE)
    hashes = await hashes_of(tx, tenant, last + 1, upto)
    first = await hashes_of(tx, tenant, 1, 1)
    statement = signer.sign(
        {
            "v": 1,
            "kind": "ops-autopilot.checkpoint",
            "tenant": tenant,
            "chain": first[0],
            "from": last + 1,
            "seq": upto,
            "hash": hashes[-1],
            "root": merkle_root(hashes),
            "at": f"{await tx.time():.3f}",
        }
    )
    values = {"tenant": tenant, "seq": upto, "statement": written(statement), "published": False}
    done = await tx.run(insert_new(tx, checkpoints).values(**values, at=now()))
    if not done.rowcount:
        return None
    return Checkpoint(tenant=tenant, seq=upto, first=last + 1, statement=statement, published=False)


async def hashes_of(tx: Tx, tenant: str, first: int, last: int) -> list[str]:
    """The hashes of a stretch of the chain, in order."""
    rows = await tx.run(
        sa.select(audit.c.hash)
        .where(audit.c.tenant == tenant, audit.c.seq >= first, audit.c.seq <= last)
        .order_by(audit.c.seq)
    )
    return [str(row.hash) for row in rows]


async def of_tenant(tx: Tx, tenant: str) -> list[Checkpoint]:
    """Every checkpoint of one chain, oldest first."""
    rows = await tx.run(sa.select(checkpoints).where(checkpoints.c.tenant == tenant).order_by(checkpoints.c.seq))
    return [_record(row) for row in rows]


async def newest_at(tx: Tx, tenant: str) -> float:
    """When the last one was made, seconds since the epoch; 0 when there is none."""
    found = (await tx.run(sa.select(sa.func.max(checkpoints.c.at)).where(checkpoints.c.tenant == tenant))).scalar()
    return float(found or 0.0)


async def unpublished(tx: Tx, tenant: str) -> list[Checkpoint]:
    """Those that are not yet known to be everywhere they belong, oldest first."""
    rows = await tx.run(
        sa.select(checkpoints)
        .where(checkpoints.c.tenant == tenant, checkpoints.c.published.is_(False))
        .order_by(checkpoints.c.seq)
    )
    return [_record(row) for row in rows]


async def mark_published(tx: Tx, one: Checkpoint) -> None:
    """Note that a checkpoint is everywhere it belongs."""
    await tx.run(
        checkpoints.update()
        .where(checkpoints.c.tenant == one.tenant, checkpoints.c.seq == one.seq)
        .values(published=True)
    )
