"""Run the local Slack alone: `python -m bot.demo.slack --port 8765 [--echo]`."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from bot.demo.slack import app_config
from bot.demo.slack.echo import echo_app
from bot.demo.slack.server import LocalSlack


async def run(*, port: int, echo: bool, manifest: Path | None, log: Path | None) -> None:
    """Serve until Ctrl-C."""
    config = app_config.from_manifest(manifest) if manifest else None
    slack = LocalSlack(app_config=config, log_path=log)
    stop = asyncio.Event()
    for word in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(word, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(slack.serve(port))
        if echo:
            await stack.enter_async_context(echo_app(slack))
        sys.stdout.write(f"local slack on {slack.base_url}\n  api {slack.api_url}\n  bot token {slack.bot_token}\n")
        sys.stdout.write(f"  app token {slack.app_token}\n  signing secret {slack.signing_secret}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.slack", description="A Slack look-alike on loopback.")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--echo", action="store_true", help="connect a small bolt app that answers mentions")
    parser.add_argument("--manifest", type=Path, help="app_manifest.yml with scopes, events, commands, shortcuts")
    parser.add_argument("--log", type=Path, help="write everything sent and received to this JSONL file")
    given = parser.parse_args()
    asyncio.run(run(port=given.port, echo=given.echo, manifest=given.manifest, log=given.log))


if __name__ == "__main__":
    main()
