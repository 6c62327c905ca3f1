"""One run after another: fresh Slack, till, database and bots each time; one process that forks bots for all."""

import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.demo.run import MANIFEST
from bot.demo.slack import app_config
from bot.demo.slack.server import LocalSlack
from storage.db import Database
from storage.row_security import EVERYTHING
from storage.tables import tasks as tasks_table
from tests.chaos.courier import BadCourier
from tests.chaos.databases import Databases, some_databases
from tests.chaos.orders import Orders
from tests.chaos.people import CHANNEL, PATIENCE, People, Stuck
from tests.chaos.plan import Engine, FaultKind, Plan, Story
from tests.chaos.points import IN_THE_CALL
from tests.chaos.till import Till, write_manifest
from tests.chaos.verdict import Verdict, still_open, verdict
from tests.durability.bots import ROOT, BotProcess, Nursery
from tests.scenarios.world import everything, free_port

CONNECTIONS = 2
"""Socket Mode connections of one bot"""
LEASE = 2.0
MOST_DEATHS = 10
"""a bot that ends so often without having been killed does not start at all"""
LIFETIME = 2.0
"""seconds until a proposal that nobody answers expires, in the story of that"""


class BotsEnd(Exception):
    """The bots of a run do not stay up, so it says nothing."""


@dataclass(kw_only=True)
class Result:
    """One run: what was planned, what went wrong on purpose, and what should not have."""

    plan: Plan
    struck: list[FaultKind]
    kills: int
    twice: int
    late: int
    seconds: float
    verdict: Verdict
    troubles: list[str]
    said: list[str]
    """every message of the bots"""


@dataclass(kw_only=True)
class Run:
    """The replicas of one run, and what happens to them."""

    plan: Plan
    nursery: Nursery
    databases: Databases
    url: str
    folder: Path
    slack: LocalSlack
    orders: Orders
    environment: dict[str, str] = field(default_factory=dict)
    bots: list[BotProcess] = field(default_factory=list)
    struck: list[FaultKind] = field(default_factory=list)
    kills: int = 0
    deaths: int = 0
    over: bool = False
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _in_the_call: dict[str, int] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    # --- replicas -----------------------------------------------------------------------------------------

    async def keep_running(self) -> None:
        """One replica, started again whenever it dies, as a service manager does."""
        while not self.over:
            own = {**self.environment, "AUTOPILOT_CONSOLE_PORT": str(free_port())}
            async with self._starting:
                bot = await self.nursery.start(own, self.log)
            self.bots.append(bot)
            try:
                await bot.gone.wait()
            finally:
                self.bots.remove(bot)
            self.deaths += 1
            if self.deaths > self.kills + MOST_DEATHS:
                raise BotsEnd(f"bots end by themselves; see {self.log}")
            if not self.over:
                await asyncio.sleep(self.plan.restart_after)

    async def end(self, keeping: Sequence[asyncio.Task[None]]) -> None:
        """Every replica is gone, one that was just being started too."""
        self.over = True
        while not all(task.done() for task in keeping):
            for bot in list(self.bots):
                with contextlib.suppress(ProcessLookupError):
                    bot.kill()
            await asyncio.wait(keeping, timeout=0.05)

    # --- faults -------------------------------------------------------------------------------------------

    async def look_for_struck(self) -> None:
        """Do what bots cannot do to themselves, and count what they did."""
        waiting = dict(enumerate(self.plan.faults))
        while waiting:
            for number, fault in list(waiting.items()):
                if not self.orders.struck(number):
                    continue
                del waiting[number]
                self.struck.append(fault.kind)
                if fault.kind is FaultKind.KILL:
                    self.kills += 1
                if fault.kind is FaultKind.DISCONNECT:
                    taking = asyncio.create_task(self.databases.take_away(self.url, restart=fault.amount == 1))
                    if self.plan.engine is Engine.POSTGRES:
                        await taking
                    self.orders.done(number)
                    await taking
            await asyncio.sleep(0.02)

    async def at_the_till(self, point: str) -> bool:
        """A write has come so far; True when its sender was killed there."""
        self._in_the_call[point] = self._in_the_call.get(point, 0) + 1
        for number, fault in enumerate(self.plan.faults):
            mine = fault.kind is FaultKind.KILL and fault.point == point in IN_THE_CALL
            if mine and fault.nth == self._in_the_call[point] and (bot := await self._at_work()) is not None:
                self.orders.strike(number)
                bot.kill()
                await bot.gone.wait()
                return True
        return False

    async def _at_work(self) -> BotProcess | None:
        """The replica whose call it is: the one that executes."""
        if self.plan.engine is Engine.SQLITE:
            return self.bots[0] if self.bots else None
        db = Database(self.url, sees=EVERYTHING)
        try:
            async with db.read() as tx:
                query = sa.select(tasks_table.c.owner).where(tasks_table.c.owner.is_not(None))
                owners = [str(row.owner) for row in await tx.run(query.where(tasks_table.c.state == "executing"))]
        finally:
            await db.close()
        return next((bot for bot in self.bots for owner in owners if f"-{bot.pid}-" in owner), None)


@dataclass(kw_only=True)
class Lane:
    nursery: Nursery
    databases: Databases
    home: Path

    async def run(self, plan: Plan, *, lifetime: float = LIFETIME, waiting: str = "") -> Result:
        """Play one plan to its end and judge it; `waiting` is what the waiting file says."""
        began = time.monotonic()
        folder = Path(tempfile.mkdtemp(dir=self.home, prefix=f"seed-{plan.seed}-"))
        url = await self.databases.another(plan.engine)
        slack = LocalSlack(app_config=app_config.from_manifest(MANIFEST))
        slack.delivery.retry_delays = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 6.4, 6.4)
        slack.office.limits.on = False
        dice = random.Random(plan.seed)  # noqa: S311 - reproducible, not secret
        courier = BadCourier(carrier=slack.delivery.courier, deliveries=plan.deliveries, dice=dice)
        slack.delivery.courier = courier
        orders = Orders(folder=folder / "orders")
        orders.give(plan.faults)
        run = Run(
            plan=plan, nursery=self.nursery, databases=self.databases, url=url, folder=folder, slack=slack,
            orders=orders,
        )  # fmt: skip
        till = Till(at=run.at_the_till)
        people = People(slack=slack, till=till)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(till.serve())
            await stack.enter_async_context(slack.serve())
            run.environment = self._environment(run, till, lifetime)
            if waiting:
                (folder / "waiting.yaml").write_text(waiting)
                run.environment["AUTOPILOT_WAITING_FILE"] = str(folder / "waiting.yaml")
            keeping = [asyncio.create_task(run.keep_running()) for _ in range(plan.replicas)]
            looking = asyncio.create_task(run.look_for_struck())
            try:
                troubles = await _while_up(self._play(run, people), keeping)
                await courier.settled()
                troubles += await self._settle(url)
                db = Database(url, sees=EVERYTHING)
                try:
                    judged = await verdict(db, plan, people, till)
                finally:
                    await db.close()
            finally:
                await run.end(keeping)
                looking.cancel()
                ended = await asyncio.gather(*keeping, looking, return_exceptions=True)
        troubles += [f"the runner broke: {e!r}" for e in ended if isinstance(e, Exception)]
        judged.stuck = troubles + judged.stuck
        found = judged.troubles()
        if found:
            found.append(f"the bots' log: {run.log}, the database: {url}")
        else:
            await self.databases.drop(url)
        return Result(
            plan=plan, struck=run.struck, kills=run.kills, twice=courier.twice, late=courier.late,
            seconds=time.monotonic() - began, verdict=judged, troubles=found,
            said=[everything(m) for t in slack.ui.messages(CHANNEL) for m in people.ours(str(t["ts"]))],
        )  # fmt: skip

    async def _play(self, run: Run, people: People) -> list[str]:
        await run.slack.wait_connected(CONNECTIONS * run.plan.replicas, timeout=120)
        played = await asyncio.gather(*(people.play(thread) for thread in run.plan.threads), return_exceptions=True)
        for result in played:
            if isinstance(result, BaseException) and not isinstance(result, Stuck):
                raise result
        return [str(result) for result in played if isinstance(result, Stuck)]

    async def _settle(self, url: str) -> list[str]:
        db = Database(url, sees=EVERYTHING)
        found: list[str] = []
        try:
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                try:
                    found = await still_open(db)
                except (sa.exc.DBAPIError, OSError) as away:
                    found = [f"the database does not answer: {away}"]
                if not found:
                    break
                await asyncio.sleep(0.1)  # a poll of another process's database
        finally:
            await db.close()
        return found

    def _environment(self, run: Run, till: Till, lifetime: float) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": run.slack.bot_token,
            "SLACK_APP_TOKEN": run.slack.app_token,
            "AUTOPILOT_SLACK_API_URL": run.slack.api_url,
            "AUTOPILOT_HOME": str(self.home / "bot"),
            "AUTOPILOT_DATABASE_URL": run.url,
            "AUTOPILOT_LEASE_SECONDS": str(LEASE),
            "AUTOPILOT_MANIFESTS": str(write_manifest(run.folder, till.url)),
            "CHAOS_ORDERS": str(run.orders.folder),
            "CHAOS_LIFETIME": str(lifetime if any(t.story is Story.EXPIRE for t in run.plan.threads) else 0),
        }


async def _while_up(playing: Coroutine[Any, Any, list[str]], keeping: Sequence[asyncio.Task[None]]) -> list[str]:
    """What `playing` gives, or nothing more when bots do not stay up."""
    played = asyncio.create_task(playing)
    await asyncio.wait([played, *keeping], return_when=asyncio.FIRST_COMPLETED)
    if played.done():
        return played.result()
    played.cancel()
    await asyncio.wait([played])
    return []


@contextlib.asynccontextmanager
async def a_lane(home: Path) -> AsyncIterator[Lane]:
    """A lane while the block lasts; failed runs leave their logs below `home`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.child", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with some_databases(home) as databases:
            yield Lane(nursery=Nursery(process=process), databases=databases, home=home)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
