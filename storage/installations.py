"""Where the app is installed, with its sealed tokens: one row a workspace, or one for a whole organisation.

This room never sees a token: what is kept is sealed above (bot/slack/vault.py), and whoever refreshes it holds a lease.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import lapsed, now
from storage.db import Tx
from storage.inserts import insert_new, insert_or_update
from storage.tables import installations, oauth_states, org_workspaces

WAKE = "installations"


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The app in one place."""

    tenant: str
    """the workspace's id (T…), or the organisation's (E…)"""
    enterprise: str
    is_org: bool
    name: str
    url: str
    app_id: str
    bot_id: str
    bot_user: str
    scopes: str
    """separated by commas, as Slack gave them"""
    sealed: str
    expires_at: float | None
    """seconds since the epoch when its token ends; None: never"""
    version: int
    """counts its tokens"""
    broken: str
    """why its token could not be refreshed; "" when all is well"""
    installed_by: str


_COLUMNS = tuple(Installation.__dataclass_fields__)


def _record(row: sa.Row[Any]) -> Installation:
    return Installation(**{name: row._mapping[name] for name in _COLUMNS})


async def save(tx: Tx, new: Installation) -> None:
    """Keep what an installation brought; installing again replaces the tokens."""
    values = {name: getattr(new, name) for name in _COLUMNS}
    again = {name: value for name, value in values.items() if name not in ("tenant", "version")}
    fresh: dict[str, Any] = {"refresher": None, "refresh_until": None, "updated_at": now()}
    version = installations.c.version + 1
    await tx.run(
        insert_or_update(
            tx,
            installations,
            {**values, **fresh, "installed_at": now()},
            key=("tenant",),
            again={**again, **fresh, "version": version},
        )
    )
    tx.hint(WAKE)


async def find(tx: Tx, tenant: str) -> Installation | None:
    """The installation that speaks for a workspace: its own, else its organisation's."""
    org = sa.select(org_workspaces.c.enterprise).where(org_workspaces.c.tenant == tenant).scalar_subquery()
    which = sa.or_(installations.c.tenant == tenant, sa.and_(installations.c.tenant == org, installations.c.is_org))
    own_first = sa.case((installations.c.tenant == tenant, 0), else_=1)
    row = (await tx.run(sa.select(installations).where(which).order_by(own_first).limit(1))).first()
    return None if row is None else _record(row)


async def every(tx: Tx) -> list[Installation]:
    """All of them, by name."""
    return [_record(row) for row in await tx.run(sa.select(installations).order_by(installations.c.name))]


async def tenants(tx: Tx) -> list[str]:
    """Every workspace that has the app by now: those of an organisation are known once something was heard of them."""
    own = sa.select(installations.c.tenant).where(~installations.c.is_org)
    of_org = sa.select(org_workspaces.c.tenant).join(
        installations, sa.and_(installations.c.tenant == org_workspaces.c.enterprise, installations.c.is_org)
    )
    return [row.tenant for row in await tx.run(own.union(of_org).order_by("tenant"))]


async def belongs(tx: Tx, tenant: str, enterprise: str) -> None:
    """Note that a workspace is part of an organisation that has the app."""
    row = {"tenant": tenant, "enterprise": enterprise}
    await tx.run(insert_or_update(tx, org_workspaces, row, key=("tenant",), again={"enterprise": enterprise}))


async def begin_refresh(tx: Tx, known: Installation, *, owner: str, lease: float) -> bool:
    """Whether this process is the one that refreshes these tokens now; everybody else reads them again later."""
    free = sa.or_(installations.c.refresher.is_(None), lapsed(installations.c.refresh_until))
    done = await tx.run(
        installations.update()
        .where(installations.c.tenant == known.tenant, installations.c.version == known.version, free)
        .values(refresher=owner, refresh_until=now() + lease)
    )
    return bool(done.rowcount)


async def refreshed(tx: Tx, known: Installation, *, owner: str, sealed: str, life: float) -> bool:
    """Put the new tokens in; `life` in seconds. False when the app was removed or installed again meanwhile."""
    done = await tx.run(
        installations.update()
        .where(installations.c.tenant == known.tenant, installations.c.version == known.version)
        .where(installations.c.refresher == owner)
        .values(
            sealed=sealed,
            expires_at=now() + life,
            version=installations.c.version + 1,
            refresher=None,
            refresh_until=None,
            broken="",
            updated_at=now(),
        )
    )
    tx.hint(WAKE)
    return bool(done.rowcount)


async def not_refreshed(tx: Tx, known: Installation, *, owner: str, broken: str) -> None:
    """Note why a refresh can never succeed: only a new installation can help."""
    await tx.run(
        installations.update()
        .where(installations.c.tenant == known.tenant, installations.c.refresher == owner)
        .values(refresher=None, refresh_until=None, broken=broken, updated_at=now())
    )


async def reseal(tx: Tx, known: Installation, sealed: str) -> None:
    """The same tokens under a newer key."""
    await tx.run(
        installations.update()
        .where(installations.c.tenant == known.tenant, installations.c.version == known.version)
        .values(sealed=sealed, updated_at=now())
    )


async def forget(tx: Tx, tenant: str) -> Installation | None:
    """Delete an installation and its tokens; what it was, or None when there was none."""
    row = (
        await tx.run(installations.delete().where(installations.c.tenant == tenant).returning(installations))
    ).first()
    tx.hint(WAKE)
    return None if row is None else _record(row)


async def workspaces_of(tx: Tx, enterprise: str) -> list[str]:
    """The workspaces of an organisation that something was heard of."""
    query = sa.select(org_workspaces.c.tenant).where(org_workspaces.c.enterprise == enterprise)
    return [row.tenant for row in await tx.run(query.order_by(org_workspaces.c.tenant))]


async def forget_workspace(tx: Tx, tenant: str, enterprise: str) -> bool:
    """Whether a workspace was still known as one that this organisation's installation speaks for."""
    which = sa.and_(org_workspaces.c.tenant == tenant, org_workspaces.c.enterprise == enterprise)
    tx.hint(WAKE)
    return bool((await tx.run(org_workspaces.delete().where(which))).rowcount)


async def issue_state(tx: Tx, hashed: str, life: float) -> None:
    """Remember that we sent a browser to Slack; `life` in seconds. What has expired is swept on the way."""
    await tx.run(oauth_states.delete().where(oauth_states.c.expires_at < now()))
    await tx.run(insert_new(tx, oauth_states).values(hash=hashed, expires_at=now() + life))


async def consume_state(tx: Tx, hashed: str) -> bool:
    """True for the one caller who brings back a state that has not expired; it is gone afterwards."""
    which = sa.and_(oauth_states.c.hash == hashed, oauth_states.c.expires_at >= now())
    return bool((await tx.run(oauth_states.delete().where(which))).rowcount)
