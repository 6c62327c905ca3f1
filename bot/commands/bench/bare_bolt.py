"""The least a Bolt app can do: take a mention and ack it. What the bot's ack is compared with.

Run by the ack benchmark as `python -m bot.commands.bench.bare_bolt`.
"""

import asyncio
import signal

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import settings


async def main() -> None:
    config = settings.read()
    assert config.slack_bot_token is not None
    assert config.slack_app_token is not None
    client = AsyncWebClient(token=config.slack_bot_token.get_secret_value(), base_url=config.slack_api_url)
    app = AsyncApp(client=client, raise_error_for_unhandled_request=False)

    @app.event("app_mention")
    async def mentioned() -> None:
        """Bolt acks."""

    @app.event("message")
    async def said() -> None:
        """The same mention as a message of the channel."""

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    # As many connections as the bot opens.
    handlers = [AsyncSocketModeHandler(app, config.slack_app_token.get_secret_value()) for _ in range(2)]
    for handler in handlers:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt ships it untyped
    print("bare bolt is connected", flush=True)  # noqa: T201 - the benchmark waits for it
    await stop.wait()
    for handler in handlers:
        await handler.close_async()  # type: ignore[no-untyped-call]  # bolt ships it untyped


if __name__ == "__main__":
    asyncio.run(main())
