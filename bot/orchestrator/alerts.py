"""Alerts of monitoring become tasks: one thread an alert, one task a round, however often it is reported."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.orchestrator.requests import Request
from storage import alerts, audit, posts
from storage.alerts import AlertRow
from storage.db import Database, Tx
from storage.errors import LOST_DATABASE
from storage.records import PostKind, Source, Task

LOOK = 0.5
IDLE = 15.0
"""seconds between two looks while nothing is known to wait; another replica's alert is found so"""
_TITLE, _DETAILS = 150, 8_000


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One report of monitoring."""

    key: str
    """the same for every report of the same alert"""
    channel: str
    title: str
    details: str
    firing: bool


class Submits(Protocol):
    async def submit(self, request: Request) -> Task | None: ...


async def take(db: Database, tenant: str, alert: Alert) -> bool:
    """Keep a report durably; False when it is of nothing that fires or fired."""
    async with db.write() as tx:
        if not alert.firing:
            row = await alerts.resolved(tx, tenant, alert.key)
            if row is None:
                return False
        else:
            title = " ".join(alert.title.split())[:_TITLE] or "an alert without a title"
            row = await alerts.fired(
                tx, tenant, alert.key, channel=alert.channel, title=title, details=alert.details[:_DETAILS]
            )
        await _show(tx, row)
        await audit.append(
            tx,
            tenant,
            f"ops.alert.{'fired' if row.firing else 'resolved'}",
            body={"key": row.key, "title": row.title, "channel": row.channel, "times": row.times, "round": row.round},
        )
    return True


async def _show(tx: Tx, row: AlertRow) -> None:
    """The message its thread hangs on, brought up to date in place."""
    mark = "" if row.firing else "Resolved: "
    again = f" Reported {row.times} times." if row.times > 1 else ""
    await posts.want(
        tx,
        tenant=row.tenant,
        kind=PostKind.NOTICE,
        subject=row.subject,
        channel=row.channel,
        body={"text": f"{mark}Alert: {row.title}.{again}", "kind": "info"},
    )


@dataclass(kw_only=True)
class AlertOpener:
    """Opens a task for each round as soon as its thread stands in Slack. Any number of replicas may run one."""

    db: Database
    desk: Submits
    requester: Callable[[str], Awaitable[str]]
    """our own bot user in a workspace, "" without one: monitoring may ask for nothing, so every approval comes from
    people"""

    async def run(self) -> None:
        """Open tasks until cancelled."""
        wake = self.db.wakes.of(alerts.WAKE)
        while True:
            wake.clear()
            waits = True
            with contextlib.suppress(*LOST_DATABASE):
                await self.open_waiting()
                async with self.db.read() as tx:
                    waits = await alerts.any_unopened(tx)
            if waits:
                await asyncio.sleep(LOOK)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE):
                    await wake.wait()

    async def open_waiting(self) -> int:
        """Open what waits now; how many."""
        async with self.db.read() as tx:
            found = await alerts.unopened(tx)
        for row, thread_ts in found:
            us = await self.requester(row.tenant)
            if not us:
                continue
            await self.desk.submit(
                Request(
                    tenant=row.tenant,
                    source=Source.ALERT,
                    channel=row.channel,
                    thread_ts=thread_ts,
                    request_ts=thread_ts,
                    requester=us,
                    requester_team=row.tenant,
                    text=f"An alert fired: {row.title}",
                    hearsay=row.details or row.title,
                    keys=(f"alert:{row.subject}:{row.round}",),
                )
            )
            async with self.db.write() as tx:
                await alerts.opened(tx, row)
        return len(found)
