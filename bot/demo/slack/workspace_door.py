"""The control door's calls about workspaces: which there are, one more, one that loses the app, a person who writes."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

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


Asked = TypeVar("Asked", bound=_Body)


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
            _post("/control/workspaces", _New, self._add),
            _post("/control/uninstall", _Body, self._uninstall),
            _post("/control/take_from", _Body, self._take_from),
            _post("/control/channel", _Channel, self._channel),
            _post("/control/person", _Person, self._person),
            _post("/control/send", _Send, self._send),
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

    async def _add(self, new: _New) -> Response:
        if new.team_id in self._grid.sites:
            return _no("team_id is taken", 400)
        self._grid.add(demo_workspace(**new.model_dump()))
        return _YES

    async def _uninstall(self, wanted: _Body) -> Response:
        site = self._grid.sites.get(wanted.team_id)
        install = site.office.installed() if site is not None else None
        if install is None:
            return _no("not installed there")
        self._grid.installs.uninstall(install)
        return _YES

    async def _take_from(self, wanted: _Body) -> Response:
        """An organisation takes its app from one workspace."""
        site = self._grid.sites.get(wanted.team_id)
        install = site.office.installed() if site is not None else None
        if install is None or not install.is_org:
            return _no("no organisation's installation there")
        self._grid.installs.take_from(install, wanted.team_id)
        return _YES

    async def _channel(self, wanted: _Channel) -> Response:
        """A channel is archived or opened again; the app is removed from it or invited."""
        site = self._grid.sites.get(wanted.team_id)
        found = site.office.workspace.channel(wanted.channel) if site is not None else None
        if site is None or found is None:
            return _no("channel_not_found")
        if wanted.archived is not None:
            found.is_archived = wanted.archived
        if wanted.has_app is not None:
            bot = site.office.workspace.bot_user
            (found.members.add if wanted.has_app else found.members.discard)(bot)
        return _YES

    async def _person(self, wanted: _Person) -> Response:
        """Somebody leaves, or comes back."""
        site = self._grid.sites.get(wanted.team_id)
        people = site.office.workspace.people if site is not None else {}
        if wanted.user not in people:
            return _no("user_not_found")
        people[wanted.user] = replace(people[wanted.user], deleted=wanted.deactivated)
        return _YES

    async def _send(self, wanted: _Send) -> Response:
        site = self._grid.sites.get(wanted.team_id)
        if site is None:
            return _no("team_not_found")
        files = {name: text.encode() for name, text in wanted.files.items()}
        try:
            message = await site.ui.send(
                wanted.as_, wanted.channel, wanted.text, thread_ts=wanted.thread_ts, files=files
            )
        except Refused as refused:
            return JSONResponse(refused.body(), status_code=400)
        return JSONResponse({"ok": True, "ts": message["ts"]})


def _post(path: str, shape: type[Asked], do: Callable[[Asked], Awaitable[Response]]) -> Route:
    """What is asked is of this shape, or it is not done."""

    async def answer(request: Request) -> Response:
        try:
            asked = shape.model_validate_json(await request.body())
        except ValidationError as wrong:
            return _no(str(wrong), 400)
        return await do(asked)

    return Route(path, answer, methods=["POST"])


_YES = JSONResponse({"ok": True})


def _no(why: str, status: int = 404) -> Response:
    return JSONResponse({"ok": False, "error": why}, status_code=status)
