"""One person in every row of a workspace: put a name that means nobody in place of theirs.

The tables are walked, not listed, so that a new column is not forgotten. The record and its results have their own way
(storage/erasing.py); a sealed call is left as it is, because its bytes are its id, and emptied with its task.
"""

import json
import re
import secrets
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from storage import erasing
from storage.clock import now
from storage.db import Tx
from storage.erased import rest_of
from storage.records import OPEN_STATES, JsonObject
from storage.tables import api_tokens, evidence, grants, metadata, proposals, schedules

_APART = ("audit", "audit_heads", "evidence", "erasing")
_THEIRS = {"consents": "person", "factors": "person", "homes": "person", "feedback": "person", "step_ups": "person"}
"""tables whose rows are about one person and mean nothing without them"""
_KEYS = {("votes", "voter")}
"""parts of a primary key that name a person"""
_ID = re.compile(r"\b[A-Z][A-Z0-9]{2,}\b")
AT_ONCE = 200


def new_alias() -> str:
    """Whom the rows will name: one word for one person, kept nowhere beside the person."""
    return f"erased-{secrets.token_hex(4)}"


def forgetting(person: str, alias: str) -> Callable[[str], str]:
    """Replaces a person's id in text, and nothing that only begins or ends like it."""
    whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(person)}(?![A-Za-z0-9])")
    return lambda text: whole.sub(alias, text)


async def withdraw(tx: Tx, tenant: str, person: str) -> JsonObject:
    """End what acts in a person's name: API tokens and schedules; and drop what is about them alone."""
    live = sa.and_(api_tokens.c.tenant == tenant, api_tokens.c.person == person, api_tokens.c.revoked_at.is_(None))
    revoked = await tx.run(api_tokens.update().where(live).values(revoked_at=now()))
    owned = sa.and_(schedules.c.tenant == tenant, schedules.c.owner == person, schedules.c.enabled)
    stopped = await tx.run(schedules.update().where(owned).values(enabled=False))
    given = sa.and_(grants.c.tenant == tenant, grants.c.granter == person, grants.c.revoked_by.is_(None))
    ended = await tx.run(grants.update().where(given).values(revoked_by=person))
    counts: JsonObject = {"grants": ended.rowcount, "api_tokens": revoked.rowcount, "schedules": stopped.rowcount}
    for name, column in _THEIRS.items():
        table = metadata.tables[name]
        done = await tx.run(table.delete().where(table.c.tenant == tenant, table.c[column] == person))
        counts[name] = done.rowcount
    return counts


async def rename(tx: Tx, tenant: str, person: str, forget: Callable[[str], str]) -> JsonObject:
    """Put the alias in place of the person in some rows of each table; no counts when nothing is left to do."""
    counts: JsonObject = {}
    for table in metadata.sorted_tables:
        if table.name in _APART or "tenant" not in table.c:
            continue
        if done := await _rename_in(tx, table, tenant, person, forget):
            counts[table.name] = done
    return counts


async def unseal(tx: Tx, tenant: str, person: str) -> int:
    """Empty the ended sealed calls of others' tasks that name a person; how many."""
    named = sa.and_(proposals.c.tenant == tenant, proposals.c.sealed.contains(person, autoescape=True))
    ended = proposals.c.state.not_in(OPEN_STATES)
    found = list((await tx.run(sa.select(proposals.c.id).where(named, ended))).scalars())
    return await erasing.empty_seals(tx, tenant, found)


async def results_about(tx: Tx, tenant: str, person: str) -> list[str]:
    """The hashes of results that name a person."""
    named = sa.and_(evidence.c.tenant == tenant, evidence.c.content.contains(person, autoescape=True))
    return list((await tx.run(sa.select(evidence.c.hash).where(named))).scalars())


async def _rename_in(tx: Tx, table: sa.Table, tenant: str, person: str, forget: Callable[[str], str]) -> int:
    keys = list(table.primary_key.columns)
    texts = [column for column in table.c if _may_name(table, column)]
    says = [sa.cast(column, sa.Text).contains(person, autoescape=True) for column in texts]
    if not says:
        return 0
    rows = await tx.run(sa.select(table).where(table.c.tenant == tenant, sa.or_(*says)))
    done = 0
    for row in rows.all():
        before = row._mapping
        after = {column.name: _without(before[column.name], forget) for column in texts}
        changed = {name: value for name, value in after.items() if value != before[name]}
        if changed:
            this = sa.and_(*(column == before[column.name] for column in keys))
            await tx.run(table.update().where(this).values(changed))
            done += 1
        if done == AT_ONCE:
            break
    return done


async def first_named(tx: Tx, tenant: str) -> dict[str, float]:
    """Every word that could be a member's id in a workspace's rows, and when the record first had it; 0: never."""
    first: dict[str, float] = {}
    entries = metadata.tables["audit"]
    said = sa.select(entries.c.body, entries.c.at).where(entries.c.tenant == tenant).order_by(entries.c.seq)
    for entry in (await tx.run(said)).yield_per(AT_ONCE):
        for name in _ID.findall(rest_of(entry.body)):
            first.setdefault(name, entry.at)
    for table in metadata.sorted_tables:
        texts = [column for column in table.c if _may_name(table, column) or column.name in ("sealed", "content")]
        if table.name in ("audit", "audit_heads", "erasing") or "tenant" not in table.c or not texts:
            continue
        columns = [sa.cast(column, sa.Text) for column in texts]
        for row in (await tx.run(sa.select(*columns).where(table.c.tenant == tenant))).yield_per(AT_ONCE):
            for name in _ID.findall(" ".join(filter(None, row))):
                first.setdefault(name, 0.0)
    return first


def _may_name(table: sa.Table, column: sa.Column[Any]) -> bool:
    if (table.name, column.name) in _KEYS:
        return True
    fixed = column.primary_key or column.name in ("tenant", "sealed", "hash", "id")
    return not fixed and isinstance(column.type, sa.Text | sa.JSON)


def _without(value: Any, forget: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return forget(value)
    if value is None:
        return None
    return json.loads(forget(json.dumps(value, ensure_ascii=False)))
