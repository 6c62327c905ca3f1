"""Keeps every open Home as storage says: published when it is opened, and again when what it shows has changed."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bot.orchestrator.views import HomeView
from bot.slack.cards.home import home_view
from bot.slack.faults import Fault, classify
from bot.slack.workspaces import Workspaces
from storage import homes
from storage.db import Database
from storage.errors import LOST_DATABASE
from storage.homes import Home, Look
from storage.ids import new_id

POLL = 1.0
AT_ONCE = 8
LEASE = 15.0
"""seconds until another replica may try a Home that was not published"""
_PASSING = (Fault.RATE_LIMITED, Fault.NOT_SENT, Fault.UNKNOWN)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Homes:
    """Publishes Homes. Any number of replicas may run one."""

    db: Database
    workspaces: Workspaces
    draw: Callable[[str, str, Look], Awaitable[HomeView]]
    """(tenant, person, what they chose to see) → what their Home shows now"""
    name: str = field(default_factory=lambda: new_id("h"))

    async def run(self) -> None:
        """Publish until cancelled."""
        wake = self.db.wakes.of(homes.WAKE)
        while True:
            wake.clear()
            try:
                await self.once()
            except LOST_DATABASE as error:
                _log.warning("open Homes could not be read; trying again", why=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await wake.wait()

    async def once(self) -> int:
        """Publish what is behind; how many were looked at."""
        async with self.db.write() as tx:
            behind = await homes.claim(tx, owner=self.name, lease=LEASE, limit=AT_ONCE)
        for home in behind:
            try:
                await self._publish(home)
            except LOST_DATABASE:
                raise
            except Exception as error:  # one person's Home must not keep the others from theirs
                failure = classify(error)
                _log.warning("a Home was not published", person=home.person, why=type(error).__name__)
                if failure is not None and failure.fault not in _PASSING:
                    await self._note(home, "refused")
        return len(behind)

    async def _publish(self, home: Home) -> None:
        view = home_view(await self.draw(home.tenant, home.person, home.look))
        drawn = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
        if drawn != home.shown:
            await self.workspaces.client(home.tenant).views_publish(user_id=home.person, view=view)
        await self._note(home, drawn)

    async def _note(self, home: Home, shown: str) -> None:
        async with self.db.write() as tx:
            await homes.published(tx, home, shown, owner=self.name)
