"""One loopback model server: answers each request with the next prepared reply and keeps what was asked."""

import asyncio
import contextlib
import json
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.brains.base import JsonObject


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Send nothing more until `server.release` is set or the client goes away."""


@dataclass(frozen=True, kw_only=True)
class Drop:
    """Break the connection in the middle of the answer."""


Step = bytes | Hold | Drop


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server does with one request."""

    steps: Sequence[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hold_first: bool = False
    """send not even the status line until `release` is set or the client goes away"""


@dataclass(frozen=True, kw_only=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: JsonObject


class ModelServer:
    """The state of one running server; tests read and drive it."""

    def __init__(self) -> None:
        self.url = ""
        self.replies: deque[Reply] = deque()
        self.received: list[Received] = []
        self.release = asyncio.Event()
        self.client_left = asyncio.Event()
        self.first_byte_at = 0.0

    def will_reply(self, *steps: Step) -> None:
        self.replies.append(Reply(steps=steps))

    def will_fail(self, status: int, body: JsonObject, **headers: str) -> None:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.replies.append(Reply(steps=[json.dumps(body).encode()], status=status, headers=named))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = json.loads(await request.body())
        self.received.append(Received(path=scope["path"], headers=dict(request.headers), body=body))
        reply = self.replies.popleft()
        if reply.hold_first and not await self._held(receive):
            return
        kind = "text/event-stream" if reply.status == 200 else "application/json"
        headers = {"content-type": kind, **reply.headers}
        raw = [(key.encode(), value.encode()) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        self.first_byte_at = 0.0
        for step in reply.steps:
            match step:
                case Hold():
                    if not await self._held(receive):
                        return
                case Drop():
                    # uvicorn closes the socket without the last chunk when the application fails.
                    raise ConnectionError("dropped on purpose")
                case bytes():
                    self.first_byte_at = self.first_byte_at or time.perf_counter()
                    await send({"type": "http.response.body", "body": step, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _held(self, receive: Receive) -> bool:
        """Wait; False when the client went away."""
        released = asyncio.ensure_future(self.release.wait())
        left = asyncio.ensure_future(receive())
        await asyncio.wait({released, left}, return_when=asyncio.FIRST_COMPLETED)
        released.cancel()
        if left.done():
            self.client_left.set()
            return False
        left.cancel()
        return True


class _Server(uvicorn.Server):
    """uvicorn inside a test's own event loop: no signal handlers, and an event instead of polling."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[ModelServer]:
    """A model server on a free loopback port, stopped at the end."""
    model_server = ModelServer()
    app = Starlette(
        routes=[
            Route("/v1/chat/completions", model_server, methods=["POST"]),
            Route("/v1/messages", model_server, methods=["POST"]),
        ]
    )
    listener = socket.create_server(("127.0.0.1", 0))
    model_server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        app, log_config=None, log_level=60, lifespan="off", ws="none", timeout_graceful_shutdown=1, access_log=False
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    try:
        yield model_server
    finally:
        model_server.release.set()
        server.should_exit = True
        await running
        listener.close()
