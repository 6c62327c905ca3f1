"""What has come in, each once: the row that says so is inserted first, and losing the insert means another did it."""

from collections.abc import Collection

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_new
from storage.tables import inbox


async def first_time(tx: Tx, tenant: str, key: str, kind: str) -> bool:
    """True for the one transaction that sees this key first; False for every other, on any replica."""
    done = await tx.run(insert_new(tx, inbox).values(tenant=tenant, key=key, kind=kind, at=now()))
    return bool(done.rowcount)


async def all_first(tx: Tx, tenant: str, keys: Collection[str], kind: str) -> bool:
    """True when this transaction is the first to see every one of these names of one delivery."""
    # sorted: two deliveries of one message that share keys must not wait for each other
    rows = [{"tenant": tenant, "key": key, "kind": kind, "at": now()} for key in sorted(set(keys))]
    done = await tx.run(insert_new(tx, inbox).values(rows))
    return done.rowcount == len(rows)


async def forget(tx: Tx, older_than: float) -> int:
    """Delete keys older than so many seconds; Slack's last retry comes after about five minutes."""
    done = await tx.run(inbox.delete().where(inbox.c.at < now() - older_than))
    return done.rowcount
