"""The shop as a server: `create_shop()`, then `async with shop.serve() as url`."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from bot.demo.shop import api, demo_api
from bot.demo.shop.clock import Clock
from bot.demo.shop.misbehaviour import Misbehaviour
from bot.demo.shop.world import World

LOAD_INTERVAL = 0.1


class _QuietServer(uvicorn.Server):
    """Leaves Ctrl-C to whoever runs us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A shop with its own traffic."""

    world: World
    asgi: ASGIApp
    clock: Clock

    @contextlib.asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator[str]:
        """Serve on 127.0.0.1 with traffic until the block is left; gives the base URL."""
        # asyncio switches Nagle's delay (40 ms an answer) off only where the protocol is named.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        config = uvicorn.Config(self.asgi, log_level="warning", access_log=False, lifespan="off", ws="none")
        server = _QuietServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        traffic = asyncio.create_task(self.keep_busy())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            traffic.cancel()
            server.should_exit = server.force_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await traffic
            await serving
            listener.close()

    async def keep_busy(self) -> None:
        """Let the load run in step with the clock, for ever."""
        while True:
            self.world.advance(self.clock())
            await asyncio.sleep(LOAD_INTERVAL)


def create_shop(*, token: str, seed: int = 7, clock: Clock = time.time, warm_minutes: int = 30) -> Shop:
    """A shop that has already been open for `warm_minutes`; `token` is what writes must carry."""
    return open_shop(World(seed=seed, at=clock(), warm_minutes=warm_minutes), token=token, clock=clock)


def open_shop(world: World, *, token: str, clock: Clock) -> Shop:
    """The server of a world that is there already."""
    app = Starlette(routes=[*api.routes(world, clock=clock, token=token), *demo_api.routes(world, clock=clock)])
    return Shop(world=world, asgi=Misbehaviour(app, world=world), clock=clock)
