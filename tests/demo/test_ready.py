"""The demo says "ready" when the bot hears, and not before."""

import asyncio

from bot.demo.run import MANIFEST, connects
from bot.demo.slack import app_config
from bot.demo.slack.server import LocalSlack
from bot.slack.client import SlackClients
from bot.slack.sockets import SteadyClient


async def test_a_bot_that_does_not_connect_in_time_or_ends_is_not_ready() -> None:
    slack = LocalSlack(app_config=app_config.from_manifest(MANIFEST))
    async with slack.serve():
        running = asyncio.create_task(asyncio.Event().wait())
        assert not await connects(slack, running, 0.05)  # type: ignore[arg-type]
        ended = asyncio.create_task(asyncio.sleep(0))
        assert not await connects(slack, ended, 60)
        clients = SlackClients(base_url=slack.api_url)
        client = SteadyClient(app_token=slack.app_token, web_client=clients.client(slack.bot_token))
        await client.connect()  # type: ignore[no-untyped-call, unused-ignore]
        assert await connects(slack, running, 60)  # type: ignore[arg-type]
        await client.close()  # type: ignore[no-untyped-call, unused-ignore]
        await clients.close()
        running.cancel()
