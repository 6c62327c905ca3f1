"""Tokens for the HTTP API: kept as hashes, bound to one person, a few scopes and a last day."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage import audit
from storage.clock import now
from storage.db import Tx
from storage.errors import NotFound
from storage.ids import new_id
from storage.tables import api_tokens

SCOPES = ("read", "ask", "vote", "admin:halt", "admin:read")
PREFIX = "oap_"
"""what a secret scanner can look for"""


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """What is known of a token; the token itself is not."""

    id: str
    tenant: str
    person: str
    """in whose name it asks and votes"""
    name: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float
    revoked_at: float | None
    used_at: float | None


def _record(row: sa.Row[Any]) -> ApiToken:
    values = {name: row._mapping[name] for name in ApiToken.__dataclass_fields__}
    return ApiToken(**{**values, "scopes": tuple(row.scopes)})


def _hash(secret: str) -> str:
    """Of 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def mint(
    tx: Tx, *, tenant: str, person: str, name: str, scopes: Collection[str], life: float, by: str
) -> tuple[ApiToken, str]:
    """A new token and, this once, its text. `life` in seconds; `by` is the person who made it.

    Raises:
        ValueError: a scope there is not.
    """
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise ValueError(f"no scope {unknown[0]!r}; there are: {', '.join(SCOPES)}")
    token_id = new_id("k")
    text = f"{PREFIX}{token_id}.{secrets.token_urlsafe(32)}"
    row = (
        await tx.run(
            api_tokens.insert()
            .values(
                id=token_id,
                tenant=tenant,
                person=person,
                name=name,
                scopes=sorted(set(scopes)),
                hash=_hash(text),
                created_at=now(),
                expires_at=now() + life,
            )
            .returning(api_tokens)
        )
    ).one()
    made = _record(row)
    body: dict[str, Any] = {"token": token_id, "person": person, "scopes": [*made.scopes], "by": by}
    await audit.append(tx, tenant, "ops.api_token.created", body={**body, "expires_at": made.expires_at})
    return made, text


async def find(tx: Tx, text: str) -> ApiToken | None:
    """The token of this text, whichever tenant's, or None when it is none, has expired or was revoked."""
    token_id = text.removeprefix(PREFIX).partition(".")[0]
    query = sa.select(api_tokens).where(
        api_tokens.c.id == token_id,
        api_tokens.c.revoked_at.is_(None),
        api_tokens.c.expires_at > now(),
    )
    row = (await tx.run(query)).one_or_none()
    if row is None or not hmac.compare_digest(str(row.hash), _hash(text)):
        return None
    return _record(row)


async def used(tx: Tx, token: ApiToken, what: str) -> None:
    """Put on record that a token changed something."""
    await tx.run(
        api_tokens.update()
        .where(api_tokens.c.tenant == token.tenant, api_tokens.c.id == token.id)
        .values(used_at=now())
    )
    body: dict[str, Any] = {"token": token.id, "person": token.person, "what": what}
    await audit.append(tx, token.tenant, "ops.api_token.used", body=body)


async def revoke(tx: Tx, tenant: str, token_id: str, *, by: str) -> ApiToken:
    """End a token now.

    Raises:
        NotFound: no such token in this tenant, or it was revoked before.
    """
    row = (
        await tx.run(
            api_tokens.update()
            .where(api_tokens.c.tenant == tenant, api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
            .values(revoked_at=now())
            .returning(api_tokens)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("token", token_id)
    await audit.append(tx, tenant, "ops.api_token.revoked", body={"token": token_id, "by": by})
    return _record(row)


async def of_tenant(tx: Tx, tenant: str) -> list[ApiToken]:
    """Every token there is or was, newest first."""
    query = sa.select(api_tokens).where(api_tokens.c.tenant == tenant).order_by(api_tokens.c.created_at.desc())
    return [_record(row) for row in await tx.run(query)]


async def revoke_all(tx: Tx, tenant: str, *, by: str) -> None:
    """End every token of a workspace."""
    for token in await of_tenant(tx, tenant):
        if token.revoked_at is None:
            await revoke(tx, tenant, token.id, by=by)
