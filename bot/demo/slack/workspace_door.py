"""The control door's calls about workspaces: which there are, one more, one that loses the app, a person who writes."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.slack.grid import Grid
from bot.demo.slack.wire import Refused
from bot.demo.slack.workspace import demo_workspace


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    team_id: str = Field(pattern=r"^T[A-Z0-9]{2,20}$")


class _New(_Body):
    name: str
    mark: str = Field(pattern=r"^[A-Z0-9]{1,8}$")
    enterprise_id: str = ""
    enterprise_name: str = ""


class _Send(_Body):
    as_: str = Field(alias="as")
    channel: str
    text: str
    thread_ts: str | None = None
    files: dict[str, str] = {}


class _Channel(_Body):
    channel: str
    archived: bool | None = None
    has_app: bool | None = None


class _Person(_Body):
    user: str
    deactivated: bool


class WorkspaceDoor:
    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    def routes(self) -> list[Route]:
        return [
            Route("/control/workspaces", self._list),
            Route("/control/workspaces", self._add, methods=["POST"]),
            Route("/control/uninstall", self._uninstall, methods=["POST"]),
            Route("/control/take_from", self._take_from, methods=["POST"]),
            Route("/control/channel", self._channel, methods=["POST"]),
            Route("/control/person", self._person, methods=["POST"]),
            Route("/control/send", self._send, methods=["POST"]),
        ]

    async def _list(self, _request: Request) -> Response:
        every = [site.office for site in self._grid.sites.values()]
        shown = [
            {
                "team_id": office.workspace.team_id,
                "name": office.workspace.name,
                "enterprise_id": office.workspace.enterprise_id,
                "installed": office.installed() is not None,
            }
            for office in every
        ]
        return JSONResponse({"workspaces": shown})

    async def _add(self, request: Request) -> Response:
        try:
            new = _New.model_validate_json(await request.body())
        except ValidationError as wrong:
            return _wrong(wrong)
        if new.team_id in self._grid.sites:
            return JSONResponse({"ok": False, "error": "team_id is taken"}, status_code=400)
        self._grid.add(demo_workspace(**new.model_dump()))
        return JSONResponse({"ok": True})

    async def _uninstall(self, request: Request) -> Response:
        try:
            wanted = _Body.model_validate_json(await request.body())
        except ValidationError as wrong:
            return _wrong(wrong)
        site = self._grid.sites.get(wanted.team_id)
        install = site.office.installed() if site is not None else None
        if install is None:
            return JSONResponse({"ok": False, "error": "not installed there"}, status_code=404)
        self._grid.installs.uninstall(install)
        return JSONResponse({"ok": True})

    async def _take_from(self, request: Request) -> Response:
        """An organisation takes its app from one workspace."""
        try:
            wanted = _Body.model_validate_json(await request.body())
        except ValidationError as wrong:
            return _wrong(wrong)
        site = self._grid.sites.get(wanted.team_id)
        install = site.office.installed() if site is not None else None
        if install is None or not install.is_org:
            return _unknown("no organisation's installation there")
        self._grid.installs.take_from(install, wanted.team_id)
        return JSONResponse({"ok": True})

    async def _channel(self, request: Request) -> Response:
        """A channel is archived or opened again; the app is removed from it or invited."""
        try:
            wanted = _Channel.model_validate_json(await request.body())
        except ValidationError as wrong:
            return _wrong(wrong)
        site = self._grid.sites.get(wanted.team_id)
        found = site.office.workspace.channel(wanted.channel) if site is not None else None
        if site is None or found is None:
            return _unknown("channel_not_found")
        if wanted.archived is not None:
            found.is_archived = wanted.archived
        if wanted.has_app is not None:
            bot = site.office.workspace.bot_user
            (found.members.add if wanted.has_app else found.members.discard)(bot)
        return JSONResponse({"ok": True})

    async def _person(self, request: Request) -> Response:
        """Somebody leaves, or comes back."""
        try:
            wanted = _Person.model_validate_json(await request.body())
        except ValidationError as wrong:
            return _wrong(wrong)
        site = self._grid.sites.get(wanted.team_id)
        people = site.office.workspace.people if site is not None else {}
        if wanted.user not in people:
            return _unknown("user_not_found")
        people[wanted.user] = replace(people[wanted.user], deleted=wanted.deactivated)
        return JSONResponse({"ok": True})

    async def _send(self, request: Request) -> Response:
        try:
            wanted = _Send.model_validate_json(await request.body())
            site = self._grid.sites[wanted.team_id]
            files = {name: text.encode() for name, text in wanted.files.items()}
            message = await site.ui.send(
                wanted.as_, wanted.channel, wanted.text, thread_ts=wanted.thread_ts, files=files
            )
        except ValidationError as wrong:
            return _wrong(wrong)
        except KeyError:
            return JSONResponse({"ok": False, "error": "team_not_found"}, status_code=404)
        except Refused as refused:
            return JSONResponse(refused.body(), status_code=400)
        return JSONResponse({"ok": True, "ts": message["ts"]})


def _unknown(why: str) -> Response:
    return JSONResponse({"ok": False, "error": why}, status_code=404)


def _wrong(wrong: ValidationError) -> Response:
    return JSONResponse({"ok": False, "error": str(wrong)}, status_code=400)
