"""The door for tests in other processes: reset, fault plan, clock, settings, log, connections."""

from dataclasses import asdict
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.slack.delivery import Delivery
from bot.demo.slack.faults import Fault, FaultKind
from bot.demo.slack.grid import Grid
from bot.demo.slack.office import Office
from bot.demo.slack.socket_mode import SocketMode
from bot.demo.slack.workspace_door import WorkspaceDoor


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


B = TypeVar("B", bound=_Body)


class _NewFault(_Body):
    kind: FaultKind
    method: str = "*"
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    times: int | None = None
    error: str = "internal_error"
    status: int = 200
    retry_after: int = 1
    latency: float = 0.0


class _Settings(_Body):
    rate_limits: bool | None = None
    rate_scale: float | None = None
    old_slack: bool | None = None
    stream_life: float | None = None
    stream_cap: int | None = None
    retry_delays: tuple[float, ...] | None = None
    fault_seed: int | None = None


class _Advance(_Body):
    seconds: float


class _Disconnect(_Body):
    reason: Literal["warning", "refresh_requested", "link_disabled"] = "refresh_requested"
    close: bool = False
    only_one: bool = False
    silently: bool = False


class _Redeliver(_Body):
    event_id: str


class ControlDoor:
    def __init__(self, office: Office, delivery: Delivery, sockets: SocketMode, grid: Grid) -> None:
        self._office, self._delivery, self._sockets, self._grid = office, delivery, sockets, grid

    def routes(self) -> list[Route]:
        return [
            Route("/control/faults", self._faults, methods=["GET", "POST", "DELETE"]),
            Route("/control/faults/{number:int}/reached", self._reached),
            Route("/control/faults/{number:int}/release", self._release, methods=["POST"]),
            Route("/control/settings", self._settings, methods=["POST"]),
            Route("/control/clock", self._clock, methods=["GET", "POST"]),
            Route("/control/log", self._log, methods=["GET", "DELETE"]),
            Route("/control/disconnect", self._disconnect, methods=["POST"]),
            Route("/control/reset", self._reset, methods=["POST"]),
            Route("/control/redeliver", self._redeliver, methods=["POST"]),
            *WorkspaceDoor(self._grid).routes(),
        ]

    async def _faults(self, request: Request) -> Response:
        faults = self._office.faults
        if request.method == "DELETE":
            faults.clear()
            return JSONResponse({"ok": True})
        if request.method == "GET":
            return JSONResponse({"faults": [_describe(fault) for fault in faults.plan]})
        wanted = await _read(request, _NewFault)
        if isinstance(wanted, Response):
            return wanted
        how = wanted.model_dump(exclude={"kind", "method"})
        faults.add(wanted.kind, wanted.method, **how)
        return JSONResponse({"ok": True, "number": len(faults.plan) - 1})

    async def _reached(self, request: Request) -> Response:
        """Answers when a call is parked at the fault."""
        if (fault := self._numbered(request)) is None:
            return _unknown()
        await fault.reached.wait()
        return JSONResponse({"ok": True})

    async def _release(self, request: Request) -> Response:
        if (fault := self._numbered(request)) is None:
            return _unknown()
        fault.release()
        return JSONResponse({"ok": True})

    def _numbered(self, request: Request) -> Fault | None:
        plan, number = self._office.faults.plan, request.path_params["number"]
        return plan[number] if number < len(plan) else None

    async def _settings(self, request: Request) -> Response:
        wanted = await _read(request, _Settings)
        if isinstance(wanted, Response):
            return wanted
        office = self._office
        for place, name, value in (
            (office.limits, "on", wanted.rate_limits),
            (office.limits, "scale", wanted.rate_scale),
            (office, "old_slack", wanted.old_slack),
            (office.streams, "life", wanted.stream_life),
            (office.streams, "cap", wanted.stream_cap),
            (self._delivery, "retry_delays", wanted.retry_delays),
        ):
            if value is not None:
                setattr(place, name, value)
        if wanted.fault_seed is not None:
            office.faults.reseed(wanted.fault_seed)
        return JSONResponse({"ok": True})

    async def _clock(self, request: Request) -> Response:
        if request.method == "POST":
            wanted = await _read(request, _Advance)
            if isinstance(wanted, Response):
                return wanted
            self._office.clock.advance(wanted.seconds)
        return JSONResponse({"ok": True, "now": self._office.clock.now()})

    async def _log(self, request: Request) -> Response:
        traffic, query = self._office.traffic, request.query_params
        if request.method == "DELETE":
            traffic.clear()
            return JSONResponse({"ok": True})
        since = int(query["since"]) if query.get("since", "").isdigit() else 0
        found = traffic.find(kind=query.get("kind"), name=query.get("name"), since=since)
        return JSONResponse({"entries": [asdict(entry) for entry in found]})

    async def _disconnect(self, request: Request) -> Response:
        wanted = await _read(request, _Disconnect)
        if isinstance(wanted, Response):
            return wanted
        if wanted.silently:
            await self._sockets.cut()
        else:
            await self._sockets.disconnect(wanted.reason, close=wanted.close, only_one=wanted.only_one)
        return JSONResponse({"ok": True})

    async def _reset(self, request: Request) -> Response:
        self._office.clear()
        return JSONResponse({"ok": True})

    async def _redeliver(self, request: Request) -> Response:
        wanted = await _read(request, _Redeliver)
        if isinstance(wanted, Response):
            return wanted
        if wanted.event_id not in self._delivery.sent:
            return _unknown()
        self._delivery.redeliver(wanted.event_id)
        return JSONResponse({"ok": True})


async def _read(request: Request, shape: type[B]) -> B | Response:
    try:
        return shape.model_validate_json(await request.body() or b"{}")
    except ValidationError as wrong:
        return JSONResponse({"ok": False, "error": str(wrong)}, status_code=400)


def _unknown() -> Response:
    return JSONResponse({"ok": False, "error": "not found"}, status_code=404)


def _describe(fault: Fault) -> dict[str, object]:
    return {
        "kind": fault.kind.value,
        "method": fault.method,
        "nth": fault.nth,
        "seen": fault.seen,
        "struck": fault.struck,
        "reached": fault.reached.is_set(),
    }
