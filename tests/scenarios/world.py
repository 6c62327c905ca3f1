"""The whole product in one process: local Slack, shop and bot, as `autopilot demo` wires them."""

import asyncio
import contextlib
import datetime as dt
import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import settings, wiring
from bot.agent.definition import AgentDefinition
from bot.brains.base import Brain
from bot.demo.run import FAILING_FOR, MANIFEST
from bot.demo.shop import Shop
from bot.demo.shop.faults import Story
from bot.demo.slack import app_config
from bot.demo.slack.server import LocalSlack
from bot.slack.vault import new_key
from storage.db import Database
from storage.row_security import EVERYTHING
from tests import migrated
from tests.fast_clock import FastClock
from tests.warm_shop import warm_shop

Message = Mapping[str, Any]
TOKEN = "shop-test-token"
INCIDENTS = "C0INCIDENTS"
ANA, DANA, SAM, NOOR, KIM, RILEY = "U0ANA", "U0DANA", "U0SAM", "U0NOOR", "U0KIM", "U0RILEY"
BOT = "U0PILOT"
SHOP_SPEED = 5.0
"""its error rates fall, and probes see it, in a fifth of the time"""


@dataclass
class World:
    """One running demo, and eyes to see it."""

    slack: LocalSlack
    shop: Shop
    shop_url: str
    config: settings.Settings
    brain: Brain | None = None
    agent: AgentDefinition | None = None
    duty_clock: Callable[[], dt.datetime] | None = None
    """the on-call schedules' clock"""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _bot: asyncio.Task[None] | None = None

    async def start_bot(self) -> None:
        """Start the bot in this process and wait until Slack sees it."""
        self._stop = asyncio.Event()
        ready = asyncio.Event()
        self._bot = asyncio.create_task(
            wiring.run(
                self.config, self._stop, on_ready=ready.set, brain=self.brain, agent=self.agent, clock=self.duty_clock
            )
        )
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([self._bot, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._bot.done():
            self._bot.result()
        if self.config.slack_app_token:
            await self.slack.wait_connected(1)

    async def stop_bot(self) -> None:
        """Stop it as SIGTERM would."""
        self._stop.set()
        if self._bot is not None:
            await self._bot

    async def ask(self, text: str, *, who: str = ANA, channel: str = INCIDENTS) -> str:
        """Mention the bot; the message's ts, which is the thread."""
        return str((await self.slack.ui.send(who, channel, f"@autopilot {text}"))["ts"])

    def thread(self, ts: str, *, channel: str = INCIDENTS, who: str = ANA) -> list[Message]:
        return list(self.slack.ui.messages(channel, as_=who, thread_ts=ts))

    async def see(self, look: Callable[[], Any], seconds: float = 60) -> Any:
        """Wait until `look` gives something true, looking again at every change in Slack."""
        return await self.slack.wait_for(look, seconds)

    async def card(
        self, thread: str, button: str, *, says: str = "", channel: str = INCIDENTS, seconds: float = 60
    ) -> Message:
        """The newest message of the thread that has this button (an action id) and these words."""

        def look() -> Message | None:
            for message in reversed(self.thread(thread, channel=channel)):
                blocks = str(message.get("blocks", ""))
                if button in action_ids(message) and says in blocks:
                    return message
            return None

        return await self._found(look, seconds, thread, channel)

    async def _found(self, look: Callable[[], Message | None], seconds: float, thread: str, channel: str) -> Message:
        try:
            found: Message = await self.see(look, seconds)
        except TimeoutError:
            seen = "\n".join(everything(m)[:1500] for m in self.thread(thread, channel=channel))
            raise AssertionError(f"not seen in {seconds} s; the thread holds:\n{seen}") from None
        return found

    async def text(
        self, thread: str, words: str, *, channel: str = INCIDENTS, who: str = ANA, seconds: float = 60
    ) -> Message:
        """The message of the thread that holds these words, once it is there."""

        def look() -> Message | None:
            return next((m for m in self.thread(thread, channel=channel, who=who) if words in everything(m)), None)

        return await self._found(look, seconds, thread, channel)

    async def click(self, who: str, message: Message, action_id: str, **chosen: Any) -> None:
        channel = str(message.get("channel") or INCIDENTS)
        await self.slack.ui.click(who, channel, str(message["ts"]), action_id, **chosen)

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        db = Database(self.config.database, sees=EVERYTHING)
        try:
            yield db
        finally:
            await db.close()


def action_ids(message: Message) -> set[str]:
    return {
        str(element.get("action_id"))
        for block in message.get("blocks", ())
        for element in block.get("elements", ())
        if isinstance(element, dict)
    }


def everything(message: Message) -> str:
    """All words of a message: text, blocks and streamed parts."""
    return f"{message.get('text', '')} {message.get('blocks', '')} {message.get('stream', '')}"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has right now, and that no server of ours is given by asking for any."""
    for _ in range(100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port := random.randint(20_000, 32_000)))  # noqa: S311 - below what the kernel hands out
            return port
    raise AssertionError("no free port between 20000 and 32000")


@contextlib.asynccontextmanager
async def a_world(
    home: Path,
    setenv: Callable[[str, str], None],
    *,
    fault: Story | None = Story.BAD_FLAG,
    brain: Brain | None = None,
    agent: AgentDefinition | None = None,
    signed_http: bool = False,
    app: Mapping[str, object] | None = None,
    duty_clock: Callable[[], dt.datetime] | None = None,
    **config: object,
) -> AsyncIterator[World]:
    """A running demo. The shop has already been failing for a while. `signed_http`: Slack comes to the bot by HTTP.

    `app`: fields of the local Slack's AppConfig; one with `redirect_urls` is for many workspaces, `PORT` stands for
    the bot's port in them.
    """
    clock = FastClock(SHOP_SPEED, behind=FAILING_FOR)
    shop = warm_shop(token=TOKEN, clock=clock, warm_minutes=16, every=20)  # what stories look back is 15
    if fault is not None:
        shop.world.tell(fault, on=True)
    clock.forward(FAILING_FOR)
    port = free_port()
    address = f"http://127.0.0.1:{port}/slack/events" if signed_http else None
    more: dict[str, Any] = dict(app or {})
    many = "redirect_urls" in more
    if many:
        more["redirect_urls"] = tuple(url.replace("PORT", str(port)) for url in more["redirect_urls"])
    slack = LocalSlack(app_config=app_config.from_manifest(MANIFEST, request_url=address, **more))
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(shop.serve())
        await stack.enter_async_context(slack.serve())
        setenv("SHOP_URL", url)
        setenv("SHOP_TOKEN", TOKEN)
        setenv("PRODUCT_URL", url)
        setenv("PRODUCT_TOKEN", TOKEN)
        chosen = settings.read(
            home=home,
            slack_bot_token=None if many else slack.bot_token,
            slack_app_token=None if signed_http else slack.app_token,
            slack_signing_secret=slack.signing_secret if signed_http else None,
            slack_api_url=slack.api_url,
            console_port=port,
            console_url=f"http://127.0.0.1:{port}",
            ops_channel="" if many else "C0OPS",
            **(_for_many(slack) if many else {}),
            **config,
        )
        migrated.fill(chosen.database)
        world = World(
            slack=slack, shop=shop, shop_url=url, config=chosen, brain=brain, agent=agent, duty_clock=duty_clock
        )
        await world.start_bot()
        try:
            yield world
        finally:
            await world.stop_bot()


def _for_many(slack: LocalSlack) -> dict[str, object]:
    """Settings of an app that workspaces install."""
    return {
        "slack_client_id": slack.app_config.client_id,
        "slack_client_secret": slack.app_config.client_secret,
        "slack_workspaces": "T0ACME,T0BETA,E0ORG",
        "token_keys": new_key(),
    }
