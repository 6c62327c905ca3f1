"""Serves an ASGI app on 127.0.0.1 for as long as a context lasts."""

import asyncio
import contextlib
import socket as socketlib
from asyncio import Protocol
from collections.abc import AsyncIterator, Callable

import uvicorn
from starlette.applications import Starlette


@contextlib.asynccontextmanager
async def serving(
    app: Starlette, *, port: int = 0, protocol: type[Protocol] | None = None, on_stop: Callable[[], None] | None = None
) -> AsyncIterator[str]:
    """The base url; port 0 takes a free one. `on_stop` ends what would keep connections open.

    Raises: OSError when the port is taken.
    """
    config = uvicorn.Config(
        app,
        http=protocol or "h11",
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    # Bound here and not by uvicorn, which ends the whole process when a port is taken.
    socket = _listen(port)
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        await server.up.wait()
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        if on_stop:
            on_stop()
        server.should_exit = True
        await running
        socket.close()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs us keeps Ctrl-C."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socketlib.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn types it as a generator
        yield


def _listen(port: int) -> socketlib.socket:
    # asyncio sends small answers at once only where the protocol is named; else each one waits 40 ms for an ack.
    listener = socketlib.socket(socketlib.AF_INET, socketlib.SOCK_STREAM, socketlib.IPPROTO_TCP)
    listener.setsockopt(socketlib.SOL_SOCKET, socketlib.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
