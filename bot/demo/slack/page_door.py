"""The door for the browser page: its files, its calls and its event stream. Loopback only, so without a login."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.demo.slack.office import Office
from bot.demo.slack.ui import Ui
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Channel

PAGE = Path(__file__).parent / "page"
HEARTBEAT = 15.0


class PageDoor:
    def __init__(self, office: Office, ui: Ui) -> None:
        self._office = office
        self._ui = ui

    def routes(self) -> list[Route | Mount]:
        calls = {
            "send": self._send,
            "edit": self._edit,
            "delete": self._delete,
            "command": self._command,
            "action": self._action,
            "view_submit": self._view_submit,
            "view_close": self._view_close,
            "home": self._home,
            "react": self._react,
            "stop": self._stop,
            "shortcut": self._shortcut,
        }
        return [
            Route("/", self._index),
            Route("/archives/{channel}/p{ts}", self._permalink),
            Mount("/static", StaticFiles(directory=PAGE, check_dir=False)),
            Route("/ui/state", self._state),
            Route("/ui/messages", self._messages),
            Route("/ui/stream", self._stream),
            *(Route(f"/ui/{name}", _call(run), methods=["POST"]) for name, run in calls.items()),
        ]

    async def _index(self, request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers={"cache-control": "no-store"})

    async def _permalink(self, request: Request) -> Response:
        """A message's address in Slack's own form, seen by whoever followed the link."""
        channel, digits = request.path_params["channel"], request.path_params["ts"]
        thread = request.query_params.get("thread_ts") or f"{digits[:-6]}.{digits[-6:]}"
        me = parse_qs(urlsplit(request.headers.get("referer", "")).query).get("as", [""])[0]
        seen_by = f"?as={quote(me)}" if me else ""
        return RedirectResponse(f"/{seen_by}#/{quote(channel)}/thread/{quote(thread)}")

    async def _state(self, request: Request) -> Response:
        office, me = self._office, request.query_params.get("as", "")
        workspace = office.workspace
        users = [
            {
                "id": person.id,
                "name": person.name,
                "real_name": person.real_name,
                "title": person.title,
                "is_bot": person.is_bot,
                "color": person.color,
                "groups": workspace.groups_of(person.id),
            }
            for person in workspace.people.values()
        ]
        seen = [c for c in workspace.channels.values() if me in c.members or c.kind == "channel"]
        bot = workspace.people[workspace.bot_user]
        return JSONResponse(
            {
                "team": {"id": workspace.team_id, "name": workspace.name},
                "me": me,
                "users": users,
                "channels": [_describe(channel) for channel in seen],
                "commands": [
                    {"command": c.command, "usage_hint": c.usage_hint, "description": c.description}
                    for c in office.app.commands
                ],
                "shortcuts": [{"name": s.name, "callback_id": s.callback_id} for s in office.app.shortcuts],
                "bot": {"user_id": bot.id, "name": bot.name, "connected": office.connected()},
                "links": office.links,
            }
        )

    async def _messages(self, request: Request) -> Response:
        query = request.query_params
        channel, thread_ts = query.get("channel", ""), query.get("thread_ts") or None
        try:
            messages = self._ui.messages(channel, as_=query.get("as"), thread_ts=thread_ts)
        except Refused as refused:
            return JSONResponse(refused.body())
        status = self._office.page_status(channel, thread_ts) if thread_ts else None
        prompts = self._office.prompts.get(channel, [])
        return JSONResponse({"messages": messages, "status": status, "prompts": prompts})

    async def _stream(self, request: Request) -> Response:
        return StreamingResponse(self._events(request.query_params.get("as", "")), media_type="text/event-stream")

    async def _events(self, user: str) -> AsyncIterator[str]:
        with self._office.changes.listening(user) as queue:
            yield "event: hello\ndata: {}\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), HEARTBEAT)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event is None:
                    return
                if self._may_see(user, event):
                    yield f"data: {json.dumps(event)}\n\n"

    def _may_see(self, user: str, event: Json) -> bool:
        channel = self._office.workspace.channels.get(event.get("channel", ""))
        if channel is None:
            return "channel" not in event  # of another workspace
        return channel.kind == "channel" or user in channel.members

    async def _send(self, body: Json) -> Json:
        message = await self._ui.send(body["as"], body["channel"], body["text"], thread_ts=body.get("thread_ts"))
        return {"ok": True, "ts": message["ts"]}

    async def _edit(self, body: Json) -> Json:
        await self._ui.edit(body["as"], body["channel"], body["ts"], body["text"])
        return {"ok": True}

    async def _delete(self, body: Json) -> Json:
        await self._ui.delete(body["as"], body["channel"], body["ts"])
        return {"ok": True}

    async def _command(self, body: Json) -> Json:
        return await self._ui.command(body["as"], body["channel"], body["command"], body.get("text", ""))

    async def _action(self, body: Json) -> Json:
        return await self._ui.action(
            body["as"],
            body["action"],
            body["block_id"],
            channel=body.get("channel"),
            message_ts=body.get("message_ts"),
            view_id=body.get("view_id"),
            state=body.get("state"),
        )

    async def _view_submit(self, body: Json) -> Json:
        return await self._ui.submit_view(body["as"], body["view_id"], (body.get("state") or {}).get("values"))

    async def _view_close(self, body: Json) -> Json:
        return await self._ui.close_view(body["as"], body["view_id"])

    async def _home(self, body: Json) -> Json:
        return {"ok": True, "view": await self._ui.home(body["as"], body.get("tab", "home"))}

    async def _react(self, body: Json) -> Json:
        remove = bool(body.get("remove"))
        await self._ui.react(body["as"], body["channel"], body["ts"], body["name"], remove=remove)
        return {"ok": True}

    async def _stop(self, body: Json) -> Json:
        await self._ui.stop(body["as"], body["channel"], body["thread_ts"])
        return {"ok": True}

    async def _shortcut(self, body: Json) -> Json:
        return await self._ui.shortcut(body["as"], body["callback_id"], body["channel"], body["message_ts"])


def _describe(channel: Channel) -> Json:
    about: Json = {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "is_im": channel.is_im,
        "is_private": channel.is_private,
    }
    return {**about, "user": channel.dm_with} if channel.is_im else about


def _call(run: Callable[[Json], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await run(await request.json()))
        except Refused as refused:
            return JSONResponse(refused.body())
        except KeyError as missing:
            return JSONResponse({"ok": False, "error": f"missing {missing}"}, status_code=400)

    return answer
