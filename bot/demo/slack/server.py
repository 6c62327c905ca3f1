"""The whole local Slack: built here, served here, and handed to tests."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from bot.demo.slack import responding
from bot.demo.slack.app_config import AppConfig
from bot.demo.slack.changes import Changes
from bot.demo.slack.clock import Clock
from bot.demo.slack.control_door import ControlDoor
from bot.demo.slack.delivery import Delivery
from bot.demo.slack.droppable import Connections
from bot.demo.slack.faults import Faults
from bot.demo.slack.grid import Grid, Site
from bot.demo.slack.install_door import InstallDoor
from bot.demo.slack.installs import Installs
from bot.demo.slack.limits import Limits
from bot.demo.slack.loopback import serving
from bot.demo.slack.messages import Messages
from bot.demo.slack.methods import files
from bot.demo.slack.office import Office
from bot.demo.slack.page_door import PageDoor
from bot.demo.slack.signed_http import SignedHttp
from bot.demo.slack.socket_mode import SocketMode
from bot.demo.slack.streams import Streams
from bot.demo.slack.traffic import Traffic
from bot.demo.slack.triggers import Triggers
from bot.demo.slack.ui import Ui
from bot.demo.slack.web_api import WebApi
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Workspace, demo_workspace

T = TypeVar("T")


class LocalSlack:
    """One app, and the workspaces it can be installed in: the first has it, `add` brings more."""

    def __init__(
        self,
        workspace: Workspace | None = None,
        *,
        app_config: AppConfig | None = None,
        clock: Clock | None = None,
        faults: Faults | None = None,
        log_path: Path | None = None,
        links: list[Json] | None = None,
    ) -> None:
        self.workspace = workspace or demo_workspace()
        self.app_config = app_config or AppConfig()
        self.clock = clock or Clock()
        now = self.clock.now
        self.log = Traffic(now, path=log_path)
        self.faults = faults or Faults()
        changes = Changes()
        self._changes, self._links, self._base_url = changes, links or [], "http://127.0.0.1"
        self.sockets = SocketMode(clock=self.clock, traffic=self.log, changes=changes, app_id=self.app_config.app_id)
        self.http = self._http_courier()
        self.log.on_entry = changes.pulse
        self.installs = Installs(now, self.app_config.token_rotation)
        self.grid = Grid(self.installs, self._site)
        first = self.grid.add(self.workspace)
        self.office, self.delivery, self.ui = first.office, first.delivery, first.ui
        if self.app_config.installed:
            mine = self.grid.allow(self.workspace.team_id, "", self.app_config.scopes)
            self.installs.preset(self.app_config.bot_token, mine)
        self._connections = Connections()
        self.asgi = self._build_asgi()

    def add(self, workspace: Workspace) -> Site:
        """One more workspace, without the app; its `ui` is what people do there."""
        return self.grid.add(workspace)

    def _site(self, workspace: Workspace) -> Site:
        now = self.clock.now
        office = Office(
            workspace=workspace,
            app=self.app_config,
            clock=self.clock,
            faults=self.faults,
            limits=Limits(now),
            traffic=self.log,
            messages=Messages(now),
            streams=Streams(),
            triggers=Triggers(now),
            installs=self.installs,
            installed=lambda: self.installs.of(workspace),
            changes=self._changes,
            base_url=self._base_url,
            links=self._links,
        )
        delivery = Delivery(
            self.http or self.sockets,
            clock=self.clock,
            traffic=self.log,
            workspace=workspace,
            app=self.app_config,
            installed=office.installed,
        )
        office.emit = delivery.emit
        office.connected = lambda: self.http is not None or bool(self.sockets.connections)
        office.new_socket = self._new_socket
        return Site(office=office, delivery=delivery, ui=Ui(office, delivery))

    @property
    def base_url(self) -> str:
        return self.office.base_url

    @property
    def api_url(self) -> str:
        """The base_url for slack_sdk's clients."""
        return f"{self.base_url}/api/"

    @property
    def bot_token(self) -> str:
        return self.app_config.bot_token

    @property
    def app_token(self) -> str:
        return self.app_config.app_token

    @property
    def signing_secret(self) -> str:
        return self.app_config.signing_secret

    @contextlib.asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator["LocalSlack"]:
        """Listen on loopback while the context lasts; port 0 takes a free one."""
        protocol = self._connections.protocol()
        async with serving(self.asgi, port=port, protocol=protocol, on_stop=self.office.changes.hang_up) as url:
            self._base_url = url
            for site in self.grid.sites.values():
                site.office.base_url = url
            try:
                yield self
            finally:
                self.faults.clear()
                for site in self.grid.sites.values():
                    await site.delivery.close()
                await self.sockets.cut()
        if self.http:
            await self.http.close()

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """The first truthy answer of the predicate, asked again after everything that happens.

        Raises: TimeoutError that names the last things which did happen.
        """
        try:
            return await self.office.changes.wait_for(predicate, timeout)
        except TimeoutError:
            last = [f"{entry.kind} {entry.name} {entry.answer}"[:160] for entry in self.log.entries[-8:]]
            raise TimeoutError(f"nothing matched within {timeout} s; the last traffic was {last}") from None

    async def wait_connected(self, connections: int = 1, timeout: float = 10.0) -> None:
        """Come back when the app holds this many Socket Mode connections."""
        await self.wait_for(lambda: len(self.sockets.connections) >= connections, timeout)

    def _http_courier(self) -> SignedHttp | None:
        url = self.app_config.request_url
        return SignedHttp(url=url, secret=self.signing_secret, clock=self.clock) if url else None

    def _new_socket(self) -> str:
        return f"{self.base_url.replace('http', 'ws', 1)}/link?ticket={self.sockets.new_ticket()}"

    def _build_asgi(self) -> Starlette:
        api = WebApi(self.office, self.grid, self._connections.drop)
        return Starlette(
            routes=[
                Route("/api/{method}", api.call, methods=["GET", "POST"]),
                WebSocketRoute("/link", self.sockets.serve),
                Route("/response/{key}", self._respond, methods=["POST"]),
                Route("/upload/{file_id}", self._upload, methods=["POST"]),
                Route("/files/{file_id}/{name}", self._download),
                Route("/files-pri/{file_id}/{name}", self._private),
                *InstallDoor(self.grid, self.app_config).routes(),
                *ControlDoor(self.office, self.delivery, self.sockets, self.grid).routes(),
                *PageDoor(self.office, self.ui).routes(),
            ]
        )

    async def _respond(self, request: Request) -> Response:
        status = 200
        answer: Json = {"ok": True}
        body: Json = {}
        try:
            office = self.grid.holding_response(request.path_params["key"]).office
            place = office.triggers.use_response(request.path_params["key"])
            body = await request.json()
            responding.respond(office, place, body)
        except Refused as refused:
            status, answer = (404 if refused.error in ("expired_url", "used_url") else 400), refused.body()
        except ValueError:
            status, answer = 400, {"ok": False, "error": "invalid_payload"}
        self.log.add("response_url", "response_url", body, answer, status=status)
        return PlainTextResponse("ok") if status == 200 else JSONResponse(answer, status_code=status)

    async def _upload(self, request: Request) -> Response:
        try:
            file_id = request.path_params["file_id"]
            files.receive(self.grid.holding_file(file_id), file_id, await request.body())
        except Refused as refused:
            return JSONResponse(refused.body(), status_code=404)
        return PlainTextResponse("OK")

    async def _private(self, request: Request) -> Response:
        """A file for apps: whoever may not read it is sent to where people log in, as Slack does."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            allowed = scheme == "Bearer" and "files:read" in self.grid.installs.find(token).scopes
        except Refused:
            allowed = False
        self.log.add("api", "files-pri", {"file": request.path_params["file_id"]}, {"ok": allowed})
        return await self._download(request) if allowed else RedirectResponse("/", status_code=302)

    async def _download(self, request: Request) -> Response:
        file_id = request.path_params["file_id"]
        file = self.grid.holding_file(file_id).files.get(file_id)
        if file is None:
            return PlainTextResponse("not found", status_code=404)
        # Uploaded content must not run as a page of ours.
        headers = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}
        return Response(file.content, media_type=file.mimetype, headers=headers)
