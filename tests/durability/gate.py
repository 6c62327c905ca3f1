"""A gate before a server: parks one chosen call, before or after its effect, and says when it is there."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Named = Callable[[Scope, bytes], str]


@dataclass(kw_only=True, eq=False)
class Hold:
    """One call that is to be parked, mostly to kill its caller meanwhile."""

    name: str
    nth: int
    after: bool
    seen: int = 0
    passes: bool = False
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def park(self) -> None:
        self.reached.set()
        await self.ended.wait()

    def let_pass(self) -> None:
        """Let the parked call go on, as if it had only been slow."""
        self.passes = True
        self.ended.set()

    def end(self) -> None:
        """Cut the parked call: without its effect, or with the effect and no answer."""
        self.ended.set()


class Gate:
    """Every call passes here under a name; `passed` lists them in order."""

    def __init__(self, app: ASGIApp, named: Named) -> None:
        self._app, self._named = app, named
        self._holds: list[Hold] = []
        self.passed: list[str] = []

    def hold(self, name: str, *, nth: int = 1, after: bool = False) -> Hold:
        """Park the nth call of this name, counted from now."""
        hold = Hold(name=name, nth=nth, after=after)
        self._holds.append(hold)
        return hold

    def open(self) -> None:
        """Forget all holds; parked calls are cut."""
        for hold in self._holds:
            hold.end()
        self._holds.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        name = self._named(scope, body)
        hold = self._strikes(name)
        self.passed.append(name)
        if hold is not None and not hold.after:
            await hold.park()
            if not hold.passes:
                await _cut(send)
                return
        if hold is None or not hold.after:
            await self._app(scope, _replay(body, receive), send)
            return
        answered: list[Message] = []

        async def keep(message: Message) -> None:
            answered.append(message)

        await self._app(scope, _replay(body, receive), keep)
        await hold.park()
        if not hold.passes:
            await _cut(send)
            return
        for message in answered:
            await send(message)

    def _strikes(self, name: str) -> Hold | None:
        struck = None
        for hold in self._holds:
            if hold.name == name:
                hold.seen += 1
                if hold.seen == hold.nth:
                    struck = hold
        return struck


async def _read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _cut(send: Send) -> None:
    """Nobody hears this: the caller is dead. A server still wants its answer."""
    await send({"type": "http.response.start", "status": 503, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b""})


def slack_method(scope: Scope, body: bytes) -> str:
    """`chat.update` for a Web API call; who is asked about is part of the name: `users.info U0DANA`."""
    method = str(scope["path"]).removeprefix("/api/")
    asked = re.search(rb"user\W+(U0\w+)", scope["query_string"] + b" " + body) if method == "users.info" else None
    return f"{method} {asked[1].decode()}" if asked else method


def shop_request(scope: Scope, _body: bytes) -> str:
    """`GET /v1/errors`; a dry run of a write is `preview /v1/…`, the write itself `write /v1/…`."""
    method = str(scope["method"])
    if method != "GET":
        method = "preview" if b"dry_run=true" in scope["query_string"] else "write"
    return f"{method} {scope['path']}"
