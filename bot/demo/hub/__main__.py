"""`python -m bot.demo.hub --port 8091`: the reference hub with sample messages, until Ctrl-C."""

import argparse
import asyncio
import contextlib
import secrets
import sys

from bot.console.serve import serving
from bot.demo.hub.app import create_app
from bot.demo.hub.messages import Mailbox
from bot.demo.hub.samples import fill


async def _serve(port: int, token: str) -> None:
    mailbox = Mailbox()
    fill(mailbox)
    async with serving(create_app(mailbox, token=token), port) as url:
        sys.stdout.write(f"export AUTOPILOT_HUB_URL={url} AUTOPILOT_HUB_TOKEN={token}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def serve(port: int) -> None:
    """Serve on a port with a fresh token until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(port, secrets.token_urlsafe(16)))


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.demo.hub", description="a coordination hub to try things on")
    parser.add_argument("--port", type=int, default=8091, help="on 127.0.0.1; 0 takes a free one")
    serve(parser.parse_args().port)


if __name__ == "__main__":
    main()
