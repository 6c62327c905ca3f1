"""The control door's calls about workspaces: which there are, one more, one that loses the app, a person who writes."""

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


class WorkspaceDoor:
    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    def routes(self) -> list[Route]:
        return [
            Route("/control/workspaces", self._list),
            Route("/control/workspaces", self._add, methods=["POST"]),
            Route("/control/uninstall", self._uninstall, methods=["POST"]),
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

    async def _send(self, request: Request) -> Response:
        try:
            wanted = _Send.model_validate_json(await request.body())
            site = self._grid.sites[wanted.team_id]
            message = await site.ui.send(wanted.as_, wanted.channel, wanted.text, thread_ts=wanted.thread_ts)
        except ValidationError as wrong:
            return _wrong(wrong)
        except KeyError:
            return JSONResponse({"ok": False, "error": "team_not_found"}, status_code=404)
        except Refused as refused:
            return JSONResponse(refused.body(), status_code=400)
        return JSONResponse({"ok": True, "ts": message["ts"]})


def _wrong(wrong: ValidationError) -> Response:
    return JSONResponse({"ok": False, "error": str(wrong)}, status_code=400)
