"""A local Slack and a shop in this process, bots as processes that can be killed, and a person who plays the story."""

import asyncio
import contextlib
import itertools
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bot.demo.run import MANIFEST
from bot.demo.shop import Shop, create_shop
from bot.demo.shop.faults import Story
from bot.demo.slack import app_config
from bot.demo.slack.server import LocalSlack
from storage.db import Database
from storage.migrate import migrate
from storage.row_security import EVERYTHING
from tests.durability.bots import BotProcess, Nursery
from tests.durability.gate import Gate, Hold, shop_request, slack_method
from tests.fast_clock import FastClock
from tests.scenarios.world import action_ids, everything, free_port

Message = Mapping[str, Any]
TENANT = "T0ACME"
INCIDENTS = "C0INCIDENTS"
DANA, SAM = "U0DANA", "U0SAM"
ASKERS = ("U0ANA", "U0KIM", "U0NOOR")
"""they take turns: one person gets ten proposals a minute"""
REQUEST = "checkout is failing, what is going on?"
CONNECTIONS = 2
"""Socket Mode connections of one bot"""


@dataclass(kw_only=True)
class Bench:
    """Everything but the bots, and the bots that run now."""

    slack: LocalSlack
    slack_gate: Gate
    shop: Shop
    shop_gate: Gate
    shop_clock: FastClock
    nursery: Nursery
    environment: dict[str, str]
    database_url: str
    home: Path
    bots: list[BotProcess] = field(default_factory=list)
    approver: str = DANA
    _approvers: Iterator[str] = field(default_factory=lambda: itertools.cycle((DANA, SAM)))
    _stories: int = 0
    _askers: Iterator[str] = field(default_factory=lambda: itertools.cycle(ASKERS))

    # --- bots ---------------------------------------------------------------------------------------------

    async def start_bot(self, **environment: str) -> BotProcess:
        """A bot that is connected."""
        before = len(self.slack.sockets.connections)
        log = self.home / "bot.log"
        own = {**self.environment, "AUTOPILOT_CONSOLE_PORT": str(free_port()), **environment}
        bot = await self.nursery.start(own, log)
        self.bots.append(bot)
        ready = asyncio.create_task(self.slack.wait_connected(before + CONNECTIONS, timeout=30))
        gone = asyncio.create_task(bot.gone.wait())
        await asyncio.wait([ready, gone], return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not ready.done():
            ready.cancel()
            self.bots.remove(bot)
            raise AssertionError(f"the bot ended while it started:\n{log.read_text()[-3000:]}")
        await ready
        return bot

    async def kill(self, bot: BotProcess) -> None:
        """SIGKILL; comes back when it is gone and Slack has noticed."""
        others = len(self.slack.sockets.connections) - CONNECTIONS
        bot.kill()
        await bot.gone.wait()
        self.bots.remove(bot)
        await self.slack.wait_for(lambda: len(self.slack.sockets.connections) <= max(0, others))

    async def stop(self, bot: BotProcess) -> None:
        """SIGTERM; comes back when it is gone."""
        bot.terminate()
        await bot.gone.wait()
        self.bots.remove(bot)

    def gate_of(self, name: str) -> Gate:
        return self.shop_gate if " /" in name else self.slack_gate

    def hold(self, name: str, *, nth: int = 1, after: bool = False) -> Hold:
        """Park a call: a Slack method, or `GET`/`preview`/`write` and a path of the shop."""
        return self.gate_of(name).hold(name, nth=nth, after=after)

    async def reached(self, hold: Hold, seconds: float = 30) -> None:
        """Wait until the call is parked."""
        try:
            async with asyncio.timeout(seconds):
                await hold.reached.wait()
        except TimeoutError:
            last = [everything(m)[:500] for m in self.slack.ui.messages(INCIDENTS)[-1:]]
            ts = str(self.slack.ui.messages(INCIDENTS)[-1]["ts"])
            last += [everything(m)[-700:] for m in self.ours(ts)]
            calls = (self.slack_gate.passed[-15:], self.shop_gate.passed[-15:])
            raise AssertionError(f"{hold.name!r} was not called in {seconds} s, but {calls}; {last}") from None

    # --- people -------------------------------------------------------------------------------------------

    def break_checkout(self) -> None:
        """The shop fails, and has for a while."""
        self.shop.world.tell(Story.BAD_FLAG, on=True)
        self.shop_clock.forward(60)
        self.shop.world.advance(self.shop_clock())

    async def ask(self, text: str = REQUEST) -> str:
        """Mention the bot; the message's ts, which is the thread."""
        return str((await self.slack.ui.send(next(self._askers), INCIDENTS, f"@autopilot {text}"))["ts"])

    def thread(self, ts: str) -> list[Message]:
        return list(self.slack.ui.messages(INCIDENTS, as_=DANA, thread_ts=ts))

    def ours(self, ts: str) -> list[Message]:
        """The bot's messages of a thread."""
        return [m for m in self.thread(ts) if m.get("bot_id")]

    def cards(self, ts: str) -> list[Message]:
        """The approval cards of a thread."""
        return [
            m for m in self.ours(ts) if "autopilot_post" in str(m.get("metadata")) and "proposal." in str(m["blocks"])
        ]

    async def see(self, thread: str, look: Callable[[], Any], what: str, seconds: float = 40) -> Any:
        """Wait until `look` gives something true; looks again at every change in Slack."""
        try:
            return await self.slack.wait_for(look, seconds)
        except TimeoutError:
            seen = "\n".join(everything(m)[:700] for m in self.thread(thread))
            log = (self.home / "bot.log").read_text()[-2500:]
            raise AssertionError(
                f"no {what} in {seconds} s; the thread holds:\n{seen}\n\nthe bot said:\n{log}"
            ) from None

    async def button(self, thread: str, action_id: str, *, says: str = "") -> Message:
        """The newest message of the thread with this button."""

        def look() -> Message | None:
            found = [m for m in self.thread(thread) if action_id in action_ids(m) and says in everything(m)]
            return found[-1] if found else None

        found: Message = await self.see(thread, look, f"button {action_id!r} {says!r}")
        return found

    async def press(self, thread: str, who: str, action_id: str, *, until: str) -> None:
        """Press a button as a person does: again when Slack says the app did not respond and the card is as before."""

        def over() -> bool:
            return any(until in everything(m) for m in self.ours(thread))

        while not over():
            await self.slack.wait_connected(CONNECTIONS, timeout=30)
            card = await self.see(
                thread,
                lambda: over() or next((m for m in self.ours(thread) if action_id in action_ids(m)), None),
                f"button {action_id!r}",
            )
            if card is True:
                return
            pressed = await self.slack.ui.click(who, INCIDENTS, str(card["ts"]), action_id)
            if pressed["ok"]:
                return

    def next_approver(self) -> str:
        """They take turns, so that the bot has to ask Slack who presses."""
        self.approver = next(self._approvers)
        return self.approver

    async def approve(self, thread: str) -> None:
        """Press Approve."""
        await self.press(thread, self.approver, "proposal.approve", until="Done and verified")

    @contextlib.asynccontextmanager
    async def starting_over_on_failure(self, *, bots: int = 1) -> AsyncIterator[None]:
        """Leaves nothing of a failed test to the next one."""
        try:
            yield
        except BaseException:
            await self._start_over(bots)
            raise

    async def begin_story(self) -> None:
        """Policy lets one tool change things 20 times an hour, so now and then everything begins anew."""
        self._stories += 1
        if self._stories % 15 == 0:
            await self._start_over(len(self.bots))

    async def _start_over(self, bots: int) -> None:
        for bot in list(self.bots):
            await self.kill(bot)
        self.slack_gate.open()
        self.shop_gate.open()
        self.slack.office.clear()
        self.shop.world.reset()
        await self._another_database()
        for _ in range(bots):
            await self.start_bot()

    async def _another_database(self) -> None:
        """The record is append-only, so the old one is left behind."""
        url = make_url(self.database_url)
        name = f"{url.database}_{os.urandom(2).hex()}"
        if url.get_backend_name() == "postgresql":
            async with self.database() as db, db.engine.connect() as conn:
                await conn.execution_options(isolation_level="AUTOCOMMIT")
                await conn.execute(sa.text(f"create database {name}"))
        self.database_url = url.set(database=name).render_as_string(hide_password=False)
        self.environment["AUTOPILOT_DATABASE_URL"] = self.database_url
        async with self.database() as db:
            await migrate(db)

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        db = Database(self.database_url, sees=EVERYTHING)
        try:
            yield db
        finally:
            await db.close()


@contextlib.asynccontextmanager
async def a_bench(
    home: Path, nursery: Nursery, database_url: str, *, speed: float = 8.0, **environment: str
) -> AsyncIterator[Bench]:
    """The bench without a bot. A lease is 2 s, so that a takeover does not take the test's time."""
    clock = FastClock(speed)
    shop = create_shop(token="shop-test-token", clock=clock, warm_minutes=5)
    # No failed orders wait, so that the playbook ends with its answer and does not propose a second change.
    shop.world.checkout.backlog = deque(maxlen=0)
    shop_gate = Gate(shop.asgi, shop_request)
    slack = LocalSlack(app_config=app_config.from_manifest(MANIFEST))
    slack_gate = Gate(slack.asgi, slack_method)
    slack.asgi = slack_gate  # type: ignore[assignment]  # any ASGI app will do
    slack.delivery.retry_delays = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
    slack.office.limits.on = False
    db = Database(database_url, sees=EVERYTHING)
    await migrate(db)
    await db.close()
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(replace(shop, asgi=shop_gate).serve())
        await stack.enter_async_context(slack.serve())
        stack.callback(slack_gate.open)
        stack.callback(shop_gate.open)
        bench = Bench(
            slack=slack, slack_gate=slack_gate, shop=shop, shop_gate=shop_gate, shop_clock=clock, nursery=nursery,
            database_url=database_url, home=home,
            environment={
                "PATH": os.environ["PATH"],
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "AUTOPILOT_SLACK_API_URL": slack.api_url,
                "AUTOPILOT_HOME": str(home),
                "AUTOPILOT_DATABASE_URL": database_url,
                "AUTOPILOT_LEASE_SECONDS": "2",
                "AUTOPILOT_REQUESTS_PER_MINUTE": "1000000",
                "SHOP_URL": url,
                "SHOP_TOKEN": "shop-test-token",
                **environment,
            },
        )  # fmt: skip
        try:
            yield bench
        finally:
            for bot in list(bench.bots):
                await bench.kill(bot)
