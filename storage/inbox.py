"""What has come in, each once: the row that says so is inserted first, and losing the insert means another did it."""

from collections.abc import Collection
from functools import cache

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import new_in
from storage.plain import Plain
from storage.tables import inbox


@cache
def _insert(dialect: sa.Dialect, count: int) -> sa.TextClause:
    """As text: an insert of several rows is compiled by SQLAlchemy anew each time, and every ack waits for this one."""
    at = now().compile(dialect=dialect)
    rows = ", ".join(f"(:tenant, :key{n}, :kind, {at})" for n in range(count))
    return sa.text(f"INSERT INTO inbox (tenant, key, kind, at) VALUES {rows} ON CONFLICT DO NOTHING")  # noqa: S608 - ours


_FIRST = Plain(lambda engine: new_in(engine, inbox).values(at=now()).returning(inbox.c.key), ("tenant", "key", "kind"))


async def first_time(tx: Tx, tenant: str, key: str, kind: str) -> bool:
    """True for the one transaction that sees this key first; False for every other, on any replica."""
    return bool(await _FIRST.run(tx, {"tenant": tenant, "key": key, "kind": kind}))


async def known(tx: Tx, tenant: str, key: str) -> bool:
    """Whether a transaction that has committed saw this key."""
    query = sa.select(sa.exists().where(inbox.c.tenant == tenant, inbox.c.key == key))
    return bool((await tx.run(query)).scalar_one())


async def all_first(tx: Tx, tenant: str, keys: Collection[str], kind: str) -> bool:
    """True when this transaction is the first to see every one of these names of one delivery."""
    # sorted: two deliveries of one message that share keys must not wait for each other
    named = {f"key{n}": key for n, key in enumerate(sorted(set(keys)))}
    done = await tx.run(_insert(tx.conn.dialect, len(named)), {"tenant": tenant, "kind": kind, **named})
    return done.rowcount == len(named)


async def old(tx: Tx, older_than: float, *, limit: int) -> list[tuple[str, str]]:
    """(tenant, key) of keys older than so many seconds; Slack's last retry comes after about five minutes."""
    query = sa.select(inbox.c.tenant, inbox.c.key).where(inbox.c.at < now() - older_than).limit(limit)
    return [(row.tenant, row.key) for row in await tx.run(query)]


_DROP = inbox.delete().where(inbox.c.tenant == sa.bindparam("tenant_"), inbox.c.key == sa.bindparam("key_"))


async def forget(tx: Tx, keys: Collection[tuple[str, str]]) -> None:
    """Delete these keys."""
    await tx.run(_DROP, [{"tenant_": tenant, "key_": key} for tenant, key in keys])
