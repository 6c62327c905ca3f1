"""A served local Slack, a client for its Web API, and real bolt apps that connect to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.app_config import DEFAULT_EVENTS, AppConfig, Shortcut
from bot.demo.slack.clock import Clock
from bot.demo.slack.server import LocalSlack

START = 1_800_000_000.0
ConnectApp = Callable[[AsyncApp], Awaitable[AsyncSocketModeHandler]]


@pytest.fixture
def app_config() -> AppConfig:
    return AppConfig(shortcuts=(Shortcut(name="Investigate", callback_id="investigate"),), events=DEFAULT_EVENTS)


@pytest.fixture
async def slack(app_config: AppConfig) -> AsyncIterator[LocalSlack]:
    """A server whose time stands still until a test moves it."""
    async with LocalSlack(app_config=app_config, clock=Clock(frozen_at=START)).serve() as slack:
        yield slack


@pytest.fixture
async def client(slack: LocalSlack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])


@pytest.fixture
def bolt(slack: LocalSlack) -> AsyncApp:
    """A bolt app of this workspace, with no listeners yet."""
    return a_bolt_app(slack)


def a_bolt_app(slack: LocalSlack) -> AsyncApp:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    return AsyncApp(client=client, signing_secret=slack.signing_secret)


@pytest.fixture
async def connect(slack: LocalSlack) -> AsyncIterator[ConnectApp]:
    """Opens Socket Mode for an app; closed again after the test."""
    async with AsyncExitStack() as stack:

        async def connect(app: AsyncApp) -> AsyncSocketModeHandler:
            before = len(slack.sockets.connections)
            handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=1)
            stack.push_async_callback(handler.close_async)
            await handler.connect_async()  # type: ignore[no-untyped-call]
            await slack.wait_connected(before + 1)
            return handler

        yield connect
