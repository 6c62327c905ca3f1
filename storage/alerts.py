"""Alerts of monitoring, one row each under its own key. A round begins when one fires that did not fire before."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.ids import new_id
from storage.inserts import insert_new
from storage.tables import alerts, posts

WAKE = "alerts"
SAME_THREAD = 24 * 3600.0
"""seconds an alert that fires again joins the thread it has; later it gets a new one"""


@dataclass(frozen=True, kw_only=True)
class AlertRow:
    tenant: str
    key: str
    subject: str
    """of the post that starts its thread"""
    channel: str
    title: str
    details: str
    firing: bool
    times: int
    """how often it was reported as firing in its thread"""
    round: int
    opened: int
    """the round a task was opened for"""
    at: float


def _record(row: sa.Row[Any]) -> AlertRow:
    return AlertRow(**{name: row._mapping[name] for name in AlertRow.__dataclass_fields__})


async def fired(tx: Tx, tenant: str, key: str, *, channel: str, title: str, details: str) -> AlertRow:
    """The alert as it stands now that it was reported as firing."""
    which = sa.and_(alerts.c.tenant == tenant, alerts.c.key == key)
    # the row first, then its lock: two reports at once must not both begin a round
    new = {"subject": new_id("alert"), "channel": channel, "firing": False, "times": 0, "round": 0, "opened": 0}
    words = {"title": title, "details": details}
    await tx.run(insert_new(tx, alerts).values(tenant=tenant, key=key, at=now(), **new, **words))
    before = _record((await tx.run(sa.select(alerts).where(which).with_for_update())).one())
    fresh = before.times > 0 and await tx.time() - before.at > SAME_THREAD
    values: dict[str, Any] = {**words, "firing": True, "at": now(), "times": 1 if fresh else before.times + 1}
    if fresh:
        values["subject"] = new_id("alert")
    if fresh or not before.firing:
        values["round"] = before.round + 1
        tx.hint(WAKE)
    return _record((await tx.run(alerts.update().where(which).values(values).returning(alerts))).one())


async def resolved(tx: Tx, tenant: str, key: str) -> AlertRow | None:
    """The alert, now at rest; None when it was not firing."""
    which = sa.and_(alerts.c.tenant == tenant, alerts.c.key == key, alerts.c.firing)
    row = (await tx.run(alerts.update().where(which).values(firing=False, at=now()).returning(alerts))).one_or_none()
    return None if row is None else _record(row)


async def unopened(tx: Tx) -> list[tuple[AlertRow, str]]:
    """Rounds without a task whose thread has begun in Slack: (alert, the thread's ts)."""
    there = sa.and_(posts.c.tenant == alerts.c.tenant, posts.c.subject == alerts.c.subject)
    query = sa.select(alerts, posts.c.ts.label("thread_ts")).join(posts, there)
    query = query.where(alerts.c.opened < alerts.c.round, posts.c.ts.is_not(None))
    return [(_record(row), row.thread_ts) for row in await tx.run(query.limit(50))]


async def any_unopened(tx: Tx) -> bool:
    """Whether some round still waits for its thread; one whose message was given up waits for nothing."""
    coming = sa.or_(posts.c.ts.is_not(None), posts.c.shown < posts.c.wanted)
    there = sa.and_(posts.c.tenant == alerts.c.tenant, posts.c.subject == alerts.c.subject, coming)
    query = sa.select(alerts.c.key).join(posts, there)
    query = query.where(alerts.c.opened < alerts.c.round)
    return (await tx.run(query.limit(1))).first() is not None


async def opened(tx: Tx, alert: AlertRow) -> None:
    """Note that the round has its task."""
    which = sa.and_(alerts.c.tenant == alert.tenant, alerts.c.key == alert.key, alerts.c.round == alert.round)
    await tx.run(alerts.update().where(which).values(opened=alert.round))
