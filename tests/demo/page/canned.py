"""A server that speaks docs/local-slack.md with canned answers, so that the page is tested on its own.

It records what the page posts and says to the page what a test tells it to. The real local Slack has its own tests.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import bot.demo.slack

PAGE = Path(bot.demo.slack.__file__).parent / "page"
ANA, DANA, KIM, BOT = "U0ANA", "U0DANA", "U0KIM", "U0PILOT"
INCIDENTS, OPS = "C0INCIDENTS", "C0OPS"
NOON = 1_790_000_000

Message = dict[str, Any]


def a_message(number: int, text: str, *, user: str = DANA, **more: Any) -> Message:
    """A message `number` seconds after noon, which is also how tests find it."""
    return {"ts": f"{NOON + number}.000000", "user": user, "text": text, **more}


class Canned:
    """What the page will be told, and what it said."""

    def __init__(self) -> None:
        self.messages: dict[str, list[Message]] = {}
        self.prompts: dict[str, list[dict[str, str]]] = {}
        self.status: dict[tuple[str, str], dict[str, str]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.connected = True
        self.links = [{"label": "Console", "url": "http://127.0.0.1:1/console"}]
        self._pages: dict[asyncio.Queue[dict[str, Any] | None], str] = {}
        self._changed = asyncio.Condition()

    def state(self, me: str) -> dict[str, Any]:
        people = [
            (ANA, "ana", "Ana Ruiz", "On-call engineer", "1264a3", ["operators"]),
            (DANA, "dana", "Dana Okafor", "SRE lead", "2f6f4f", ["operators", "sre-leads"]),
            (KIM, "kim", "Kim Park", "Support", "8e3b8a", []),
        ]
        keys = ("id", "name", "real_name", "title", "color", "groups")
        users = [dict(zip(keys, person, strict=True), is_bot=False) for person in people]
        pilot: tuple[Any, ...] = (BOT, "autopilot", "Ops Autopilot", "Task runner", "0b5d6b", [])
        channels = [(INCIDENTS, "incidents", "What is broken, and who is on it"), (OPS, "ops", "Deploys and flags")]
        return {
            "team": {"id": "T0ACME", "name": "Acme"},
            "me": me,
            "users": [*users, dict(zip(keys, pilot, strict=True), is_bot=True)],
            "channels": [
                *({"id": c, "name": n, "topic": t, "is_im": False, "is_private": False} for c, n, t in channels),
                {"id": f"D{me[1:]}", "name": "autopilot", "topic": "", "is_im": True, "is_private": True, "user": BOT},
            ],
            "commands": [{"command": "/autopilot", "usage_hint": "help | ask …", "description": "Ask Autopilot"}],
            "shortcuts": [{"name": "Ask Autopilot about this", "callback_id": "ask_autopilot"}],
            "bot": {"user_id": BOT, "name": "autopilot", "connected": self.connected},
            "links": self.links,
        }

    def put(self, channel: str, *messages: Message) -> None:
        """Messages that were there before the page opened."""
        self.messages.setdefault(channel, []).extend(messages)

    def push(self, event: dict[str, Any], *, only: str | None = None) -> None:
        """Say one event to the open pages."""
        for queue, person in self._pages.items():
            if only in (None, person):
                queue.put_nowait(event)

    def say(self, channel: str, message: Message) -> None:
        """A message arrives, or changes, while the page looks."""
        known = self.messages.setdefault(channel, [])
        known[:] = [m for m in known if m["ts"] != message["ts"]] + [message]
        self.push({"type": "message", "channel": channel, "message": message}, only=message.get("ephemeral_for"))

    def hang_up(self) -> None:
        """Cut every event stream, as a restarting server does."""
        for queue in self._pages:
            queue.put_nowait(None)

    async def note(self, path: str, body: dict[str, Any]) -> None:
        async with self._changed:
            self.posted.append((path, body))
            self._changed.notify_all()

    async def said(self, path: str, *, count: int = 1) -> dict[str, Any]:
        """The `count`-th thing the page posted there, waiting for it if need be."""

        def matching() -> list[dict[str, Any]]:
            return [body for at, body in self.posted if at == path]

        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: len(matching()) >= count)
            return matching()[count - 1]

    async def listen(self, person: str) -> AsyncIterator[str]:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._pages[queue] = person
        try:
            yield "event: hello\ndata: {}\n\n"
            while (event := await queue.get()) is not None:
                yield f"data: {json.dumps(event)}\n\n"
        finally:
            del self._pages[queue]


class Stage:
    """The server: one for all tests, with a fresh `canned` for each."""

    def __init__(self) -> None:
        self.canned = Canned()
        self.app = Starlette(
            routes=[
                Route("/", self._index),
                Mount("/static", StaticFiles(directory=PAGE)),
                Route("/ui/state", self._state),
                Route("/ui/messages", self._messages),
                Route("/ui/stream", self._stream),
                Route("/ui/{call}", self._post, methods=["POST"]),
            ]
        )

    async def _index(self, _: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    async def _state(self, request: Request) -> Response:
        return JSONResponse(self.canned.state(request.query_params.get("as") or ANA))

    async def _messages(self, request: Request) -> Response:
        me, channel = request.query_params["as"], request.query_params["channel"]
        thread = request.query_params.get("thread_ts")
        visible = [m for m in self.canned.messages.get(channel, []) if m.get("ephemeral_for") in (None, me)]
        wanted = [
            m
            for m in visible
            if (thread in (m["ts"], m.get("thread_ts")) if thread else m.get("thread_ts") in (None, m["ts"]))
        ]
        return JSONResponse(
            {
                "messages": wanted,
                "status": self.canned.status.get((channel, thread or "")),
                "prompts": self.canned.prompts.get(channel, []),
            }
        )

    async def _stream(self, request: Request) -> Response:
        return StreamingResponse(self.canned.listen(request.query_params["as"]), media_type="text/event-stream")

    async def _post(self, request: Request) -> Response:
        call = request.path_params["call"]
        await self.canned.note(call, await request.json())
        return JSONResponse(self.canned.answers.get(call, {"ok": True}))
