"""Keeps every open Home as storage says: published when it is opened, and again when what it shows has changed."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bot.orchestrator.views import HomeView
from bot.slack.cards.blocks import Block
from bot.slack.cards.home import home_view
from bot.slack.faults import PASSING, classify
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
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Homes:
    """Publishes Homes. Any number of replicas may run one."""

    db: Database
    workspaces: Workspaces
    draw: Callable[[str, str, Look], Awaitable[HomeView]]
    """(tenant, person, what they chose to see) → what their Home shows now"""
    name: str = field(default_factory=lambda: new_id("h"))
    _publishing: dict[tuple[str, str], asyncio.Task[None]] = field(default_factory=dict)
    """(workspace, person) → the newest publication of their Home"""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Publish until cancelled."""
        wake = self.db.wakes.of(homes.WAKE)
        try:
            while True:
                wake.clear()
                try:
                    await self._take_up()
                except LOST_DATABASE as error:
                    _log.warning("open Homes could not be read; trying again", why=type(error).__name__)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await wake.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def once(self) -> int:
        """Publish what is behind; how many were looked at."""
        taken = await self._take_up()
        await asyncio.gather(*taken)
        return len(taken)

    async def _take_up(self) -> list[asyncio.Task[None]]:
        """Begin to publish what is behind: side by side, because one that Slack is slow with is one person's."""
        free = AT_ONCE - len(self._publishing)
        if free <= 0:
            return []
        async with self.db.write() as tx:
            behind = await homes.claim(tx, owner=self.name, lease=LEASE, limit=free)
        taken = []
        for home in behind:
            whose = (home.tenant, home.person)
            task = asyncio.create_task(self._keep(home, self._publishing.get(whose)))
            self._publishing[whose] = task
            self._tasks.add(task)
            task.add_done_callback(lambda ended, of=whose: self._ended(of, ended))  # type: ignore[misc]
            taken.append(task)
        return taken

    def _ended(self, whose: tuple[str, str], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._publishing.get(whose) is not task:
            return
        del self._publishing[whose]
        if len(self._publishing) == AT_ONCE - 1:  # there was no room to look before
            self.db.wakes.ring(homes.WAKE)

    async def _keep(self, home: Home, before: asyncio.Task[None] | None) -> None:
        """Publish one Home; `before`: the same person's, so that the newer of two stays."""
        if before is not None:
            await asyncio.wait([before])
        try:
            await self._publish(home)
        except LOST_DATABASE as error:
            _log.warning("a Home could not be drawn; trying again", why=type(error).__name__)
        except Exception as error:  # one person's Home must not keep the others from theirs
            failure = classify(error)
            _log.warning("a Home was not published", person=home.person, why=type(error).__name__)
            if failure is not None and failure.fault not in PASSING:
                with contextlib.suppress(*LOST_DATABASE):
                    await self._note(home, "refused")

    async def _publish(self, home: Home) -> None:
        view, drawn = await self._drawn(home)
        if drawn != home.shown:
            pace = self.workspaces.pace(home.tenant)
            waits = not pace.idle("views.publish", home.person)
            async with pace.slot("views.publish", home.person):
                if waits:
                    view, drawn = await self._drawn(home)
                await self.workspaces.client(home.tenant).views_publish(user_id=home.person, view=view)
        await self._note(home, drawn)

    async def _drawn(self, home: Home) -> tuple[Block, str]:
        view = home_view(await self.draw(home.tenant, home.person, home.look))
        return view, hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()

    async def _note(self, home: Home, shown: str) -> None:
        async with self.db.write() as tx:
            await homes.published(tx, home, shown, owner=self.name)
