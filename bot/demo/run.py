"""`autopilot demo`: the local Slack, the shop and the bot in one command; the bot is a process of its own.

So it can be killed: the supervisor starts it again, and its threads go on where they stopped.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.console.serve import PortInUse, serving
from bot.demo import phones
from bot.demo.shop import Shop, create_shop
from bot.demo.shop.clock import LateClock
from bot.demo.shop.faults import Story
from bot.demo.shop.orders import NoPostgres, orders_database
from bot.demo.slack import app_config
from bot.demo.slack.server import LocalSlack
from bot.factors.keys import new_key

MANIFEST = Path(__file__).parents[2] / "app_manifest.yml"
SLOW = "missing_index"
"""the story of the orders database, which the shop has only when a PostgreSQL is here"""
FAULTS = (*Story, SLOW, "none")
PRODUCT_STORIES = (Story.LOCKED_OUT, Story.SCAM, Story.WEAK_WINDOW)
TRY = (
    ("incidents", "checkout is failing, what is going on?"),
    ("safety", "a reply was reported as a scam, can you look?"),
    ("support", "member a-17 cannot login, can you help?"),
    ("growth", "which window underperforms, and what would help?"),
    ("data", "is the analytics pipeline behind?"),
)
"""one request for each kind of work, in the channel of those who ask it"""
QUICK_DEATH = 15.0
"""seconds; a bot that ends sooner, three times in a row, cannot start"""
FAILING_FOR = 90.0
"""seconds the fault has already lasted when the page opens"""
LONGEST_START = 60.0
"""seconds for the bot to connect: a first start compiles everything, and machines can be busy"""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What to start, and where."""

    port: int = 8765
    shop_port: int = 8766
    console_port: int = 8767
    home: Path = Path(".autopilot/demo")
    fault: str = "bad_flag"
    browser: bool = True
    second_factor: bool = False
    """what cannot be undone in prod takes one; the apps are a page at `phones_port`"""
    phones_port: int = 8768


async def run(demo: Demo, say: Callable[[str], None]) -> None:
    """Run until Ctrl-C or SIGTERM, then stop all of it."""
    began = time.monotonic()
    stop = asyncio.Event()
    for word in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(word, stop.set)
    # The local Slack forgets everything when it stops, so what the bot remembers of the last demo is of no use.
    shutil.rmtree(demo.home, ignore_errors=True)
    demo.home.mkdir(parents=True)
    token = secrets.token_urlsafe(24)
    clock = LateClock(FAILING_FOR)
    shop = create_shop(token=token, clock=clock)
    # What members, content and sales are asked about is there from the start; it disturbs no other story.
    for story in (*PRODUCT_STORIES, *([Story(demo.fault)] if demo.fault in set(Story) else [])):
        shop.world.tell(story, on=True)
    clock.catch_up()
    async with contextlib.AsyncExitStack() as stack:
        shop_url = await _on_port(stack, shop.serve(demo.shop_port), demo.shop_port)
        links = [
            {"label": "Shop", "url": shop_url},
            {"label": "Console", "url": f"http://127.0.0.1:{demo.console_port}"},
        ]
        key = ""
        if demo.second_factor:
            key = new_key()
            owners = await phones.enrol(_database(demo), key)
            served = await _on_port(stack, serving(phones.build(owners), demo.phones_port), demo.phones_port)
            links.append({"label": "Phones", "url": served})
        slack = LocalSlack(app_config=app_config.from_manifest(MANIFEST), links=links)
        await _on_port(stack, slack.serve(demo.port), demo.port)
        orders = await _orders(demo, stack, shop, say) if demo.fault == SLOW else {}
        bot = BotProcess(_environment(demo, slack, shop_url, token, key) | orders, demo.home / "bot.log", say)
        keeping = asyncio.create_task(bot.keep_running(stop))
        if not await connects(slack, keeping, LONGEST_START):
            stop.set()
            await keeping
            raise RuntimeError(f"the bot did not connect; see {demo.home / 'bot.log'}")
        say(f"\n  Ops Autopilot is ready ({time.monotonic() - began:.1f} s):  {slack.base_url}\n")
        slow = [("incidents", "checkout is slow, what is going on?")] if orders else []
        for channel, request in (*slow, *TRY):
            say(f"  In #{channel}, try:  @autopilot {request}")
        say(f"  Kill the bot in the middle, if you like:  kill -9 {bot.pid}   (it is started again)")
        say("  Ctrl-C stops everything.\n")
        if demo.browser and _has_screen():
            webbrowser.open(slack.base_url)
        await stop.wait()
        await keeping


async def connects(slack: LocalSlack, keeping: asyncio.Task[None], seconds: float) -> bool:
    """Whether the bot holds a connection before so long, and before its process is given up (`keeping` ends).

    What is said to a bot that is not connected is lost, as in Slack: nobody may be told "ready" before.
    """
    connected = asyncio.create_task(slack.wait_connected(1, seconds))
    await asyncio.wait([connected, keeping], return_when=asyncio.FIRST_COMPLETED)
    if not connected.done():
        connected.cancel()
    [failed] = await asyncio.gather(connected, return_exceptions=True)
    return failed is None


async def _orders(
    demo: Demo, stack: contextlib.AsyncExitStack, shop: Shop, say: Callable[[str], None]
) -> dict[str, str]:
    """Keep the shop's orders in a real PostgreSQL; what the bot is told of it, nothing when there is none."""
    try:
        orders = await stack.enter_async_context(orders_database(demo.home))
    except NoPostgres as error:
        say(f"  {error}. The demo goes on without it: checkout is not slow.")
        return {}
    measuring = asyncio.create_task(orders.keep_measuring(shop.world))
    stack.callback(measuring.cancel)
    return {
        "AUTOPILOT_OPERATOR_DATABASE_URL": orders.operator_url,
        "AUTOPILOT_OPERATOR_SECRETS": str(demo.home / "secrets"),
        "AUTOPILOT_OPERATOR_BACKUPS": str(demo.home / "backups"),
        "AUTOPILOT_OPERATOR_PROGRAMS": str(orders.programs),
    }


async def _on_port(
    stack: contextlib.AsyncExitStack, server: contextlib.AbstractAsyncContextManager[object], port: int
) -> str:
    try:
        served = await stack.enter_async_context(server)
    except OSError:
        raise PortInUse(port) from None
    return served if isinstance(served, str) else ""


def _has_screen() -> bool:
    return sys.stdout.isatty() and (sys.platform == "darwin" or bool(os.environ.get("DISPLAY")))


def _database(demo: Demo) -> str:
    return os.environ.get("AUTOPILOT_DATABASE_URL") or f"sqlite:///{demo.home / 'autopilot.db'}"


def _environment(demo: Demo, slack: LocalSlack, shop_url: str, token: str, key: str) -> dict[str, str]:
    """What the bot is told; with a `key`, approvers can prove a second factor at its console."""
    console = f"http://127.0.0.1:{demo.console_port}"
    return {
        **os.environ,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "AUTOPILOT_SLACK_API_URL": slack.api_url,
        "AUTOPILOT_HOME": str(demo.home),
        "AUTOPILOT_DATABASE_URL": os.environ.get("AUTOPILOT_DATABASE_URL", ""),
        "AUTOPILOT_CONSOLE_PORT": str(demo.console_port),
        "AUTOPILOT_OPS_CHANNEL": "C0OPS",
        **({"AUTOPILOT_STEP_UP_KEY": key, "AUTOPILOT_CONSOLE_URL": console} if key else {}),
        "SHOP_URL": shop_url,
        "SHOP_TOKEN": token,
        "PRODUCT_URL": shop_url,
        "PRODUCT_TOKEN": token,
    }


class BotProcess:
    """The bot as a child process that is started again when it dies, until told to stop."""

    def __init__(self, environment: dict[str, str], log: Path, say: Callable[[str], None]) -> None:
        self._environment, self._log, self._say = environment, log, say
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def keep_running(self, stop: asyncio.Event) -> None:
        """Start the bot, and again when it dies; give up when it cannot stay up."""
        quick_deaths = 0
        while not stop.is_set():
            began = time.monotonic()
            code = await self._once(stop)
            if stop.is_set():
                return
            quick_deaths = quick_deaths + 1 if time.monotonic() - began < QUICK_DEATH else 0
            if quick_deaths >= 3:
                self._say(f"  The bot cannot start; the reason is at the end of {self._log}")
                return
            self._say(f"  The bot ended (code {code}); starting it again.")

    async def _once(self, stop: asyncio.Event) -> int:
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.cli",
                "run",
                "--until-parent-ends",
                env=self._environment,
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        self._process = process
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            process.terminate()
            try:
                async with asyncio.timeout(20):
                    await ended
            except TimeoutError:
                process.kill()
        return await process.wait()
