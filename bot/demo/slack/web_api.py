"""The door for apps: one HTTP address per method, with tokens, scopes, rate limits and planned faults."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.slack import arguments
from bot.demo.slack.arguments import Args
from bot.demo.slack.faults import Fault, FaultKind
from bot.demo.slack.grid import Grid
from bot.demo.slack.methods import agents, chat, conversations, files, oauth, people, reactions, streaming, views
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused


def _open_connection(office: Office, args: Args) -> Json:
    return {"ok": True, "url": office.new_socket()}


def _api_test(office: Office, args: Args) -> Json:
    return {"ok": True, "args": args.raw}


METHODS: dict[str, Method] = {
    "api.test": Method(run=_api_test),
    "apps.connections.open": Method(run=_open_connection, scope="connections:write", app_token=True),
    **chat.METHODS,
    **streaming.METHODS,
    **agents.METHODS,
    **conversations.METHODS,
    **people.METHODS,
    **reactions.METHODS,
    **views.METHODS,
    **files.METHODS,
    **oauth.METHODS,
}


class _Dropped(Exception):
    """The plan cuts this connection instead of answering."""


class WebApi:
    def __init__(self, office: Office, grid: Grid, drop: Callable[[Request], Awaitable[None]]) -> None:
        self._office = office
        """What all workspaces share is the first one's: faults, traffic, clock."""
        self._grid = grid
        self._drop = drop

    async def call(self, request: Request) -> Response:
        """Answer one call as Slack would, or as the fault plan says."""
        name = request.path_params["method"]
        try:
            raw = await arguments.read(request)
        except Refused as refused:
            return self._answer(name, {}, refused.body())
        try:
            return await self._with_faults(request, name, raw)
        except _Dropped:
            await self._drop(request)
            return Response(status_code=500)

    async def _with_faults(self, request: Request, name: str, raw: Json) -> Response:
        faults = self._office.faults.strike(name)
        for fault in faults:
            if (planned := await self._before(fault, name, raw)) is not None:
                return planned
        response = self._run(request, name, raw)
        for fault in faults:
            await self._after(fault, name, raw)
        return response

    async def _before(self, fault: Fault, name: str, raw: Json) -> Response | None:
        match fault.kind:
            case FaultKind.ERROR:
                fault.reached.set()
                return self._answer(name, raw, {"ok": False, "error": fault.error}, status=fault.status)
            case FaultKind.RATE_LIMIT:
                fault.reached.set()
                return self._too_often(name, raw, fault.retry_after)
            case FaultKind.LATENCY:
                fault.reached.set()
                await self._office.clock.sleep(fault.latency)
            case FaultKind.HOLD_BEFORE:
                await self._park(fault)
            case FaultKind.DROP_BEFORE:
                self._note_drop(fault, name, raw)
                raise _Dropped
            case FaultKind.DROP_AFTER | FaultKind.HOLD_AFTER:
                pass
        return None

    async def _after(self, fault: Fault, name: str, raw: Json) -> None:
        if fault.kind is FaultKind.HOLD_AFTER:
            await self._park(fault)
        if fault.kind is FaultKind.DROP_AFTER:
            self._note_drop(fault, name, raw)
            raise _Dropped

    async def _park(self, fault: Fault) -> None:
        fault.reached.set()
        self._office.changes.pulse()
        await asyncio.wait_for(fault.released.wait(), None)

    def _note_drop(self, fault: Fault, name: str, raw: Json) -> None:
        fault.reached.set()
        self._office.traffic.add("fault", name, raw, {"kind": fault.kind.value})

    def _run(self, request: Request, name: str, raw: Json) -> Response:
        office = self._office
        method = METHODS.get(name)
        is_new = name.startswith("agents.") or name.endswith("Stream")
        if method is None or (office.old_slack and is_new):
            return self._answer(name, raw, {"ok": False, "error": "unknown_method", "req_method": name})
        try:
            office, raw = self._authenticate(request, name, raw, method)
            if (wait := office.limits.wait(name, raw)) is not None:
                return self._too_often(name, raw, wait)
            body = method.run(office, Args(raw))
        except Refused as refused:
            body = refused.body()
        return self._answer(name, raw, body, scope=method.scope, granted=office.app.scopes)

    def _authenticate(self, request: Request, name: str, raw: Json, method: Method) -> tuple[Office, Json]:
        """Where the call is answered, and its arguments with who is calling."""
        authorization = request.headers.get("authorization", "")
        if method.no_token:
            return self._office, {**raw, **oauth.basic(authorization)}
        scheme, _, bearer = authorization.partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else str(raw.get("token") or "")
        app_token = self._office.app.app_token
        if not token:
            raise Refused("not_authed")
        if token == app_token and method.app_token:
            return self._office, raw
        if token == app_token:
            raise Refused("not_allowed_token_type")
        install = self._grid.installs.find(token)
        if method.app_token:
            raise Refused("not_allowed_token_type")
        office = self._grid.office_of(install, name, raw)
        if method.scope:
            office.need_scope(method.scope)
        return office, {**raw, **oauth.basic(authorization), "token": token} if name in oauth.METHODS else raw

    def _too_often(self, name: str, raw: Json, wait: int) -> Response:
        response = self._answer(name, raw, {"ok": False, "error": "ratelimited"}, status=429)
        response.headers["retry-after"] = str(wait)
        return response

    def _answer(
        self,
        name: str,
        raw: Json,
        body: Json,
        *,
        status: int = 200,
        scope: str | None = None,
        granted: frozenset[str] | None = None,
    ) -> Response:
        self._office.traffic.add("api", name, raw, body, status=status)
        given = self._office.app.scopes if granted is None else granted
        headers = {"x-oauth-scopes": ",".join(sorted(given)), "x-accepted-oauth-scopes": scope or ""}
        return JSONResponse(body, status_code=status, headers=headers)
