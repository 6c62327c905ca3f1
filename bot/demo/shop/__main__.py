"""`python -m bot.demo.shop --port 8090`: the shop alone, until Ctrl-C. Without SHOP_TOKEN it makes up a token."""

import argparse
import asyncio
import contextlib
import os
import secrets
import sys

from bot.demo.shop.shop import create_shop


async def _serve(port: int, token: str) -> None:
    async with create_shop(token=token).serve(port) as url:
        sys.stdout.write(f"shop: {url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line, serve, stop quietly."""
    parser = argparse.ArgumentParser(prog="python -m bot.demo.shop", description="a small shop to operate")
    parser.add_argument("--port", type=int, default=8090, help="on 127.0.0.1; 0 takes a free one")
    port: int = parser.parse_args().port
    token = os.environ.get("SHOP_TOKEN", "")
    if not token:
        token = secrets.token_urlsafe(16)
        sys.stdout.write(f"SHOP_TOKEN={token}\n")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(port, token))


if __name__ == "__main__":
    main()
