"""Puts a service fault in front of the API. The demo's own paths stay well."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.demo.shop.faults import ServiceFault
from bot.demo.shop.world import World

WELL = ("/demo/", "/healthz", "/openapi.json", "/product/openapi.json")
HANG_SECONDS = 60
SLOW_SECONDS = 2.0
HUGE_BYTES = 50 * 1024 * 1024
LOGIN = "<!doctype html><title>Sign in</title><p>Please sign in to continue.</p>"


class Misbehaviour:
    """ASGI middleware that reads the fault at each request."""

    def __init__(self, app: ASGIApp, *, world: World) -> None:
        self._app, self._world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._world.service_fault
        path = scope.get("path", "")
        if scope["type"] != "http" or fault is ServiceFault.NONE or path == "/" or path.startswith(WELL):
            await self._app(scope, receive, send)
            return
        if fault is ServiceFault.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
            await self._app(scope, receive, send)
            return
        if fault is ServiceFault.HANG:
            await _until_disconnected(receive)
            return
        if fault is ServiceFault.LOST_ANSWER:
            await self._app(scope, receive, _swallow)
        await _answer(fault, Request(scope))(scope, receive, send)


def _answer(fault: ServiceFault, request: Request) -> Response:
    match fault:
        case ServiceFault.HTML:
            return HTMLResponse(LOGIN)
        case ServiceFault.REDIRECT:
            return RedirectResponse(f"http://example.invalid{request.url.path}", status_code=307)
        case ServiceFault.HUGE:
            return StreamingResponse(_huge(), media_type="application/json")
        case ServiceFault.LOST_ANSWER:
            return PlainTextResponse("bad gateway", status_code=502)
        case _:
            return PlainTextResponse("internal server error", status_code=500)


async def _huge() -> AsyncIterator[bytes]:
    chunk = b'"' + b"x" * 65_533 + b'",'
    yield b'{"rows": ['
    for _ in range(HUGE_BYTES // len(chunk)):
        yield chunk
    yield b'""]}'


async def _until_disconnected(receive: Receive) -> None:
    try:
        async with asyncio.timeout(HANG_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def _swallow(_: Message) -> None:
    """The answer that nobody gets."""
