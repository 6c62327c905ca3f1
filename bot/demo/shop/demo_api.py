"""What only a demo has: faults, the list of effects, live numbers for the page, metrics, health."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.demo.shop.api import problem
from bot.demo.shop.clock import Clock, iso
from bot.demo.shop.faults import ServiceFault, Story
from bot.demo.shop.prometheus import metrics_text
from bot.demo.shop.snapshot import snapshot
from bot.demo.shop.world import World

PAGE = Path(__file__).with_name("page.html")
CSP = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"


class FaultsIn(BaseModel):
    """The faults to change; what is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    bad_flag: bool | None = None
    dogpile: bool | None = None
    stuck_consumer: bool | None = None
    locked_out: bool | None = None
    scam: bool | None = None
    weak_window: bool | None = None
    service: ServiceFault | None = None
    reset: bool = Field(default=False, description="first: everything back to how the shop opened")


def faults_out(world: World) -> dict[str, bool | str]:
    """Which faults are on. A story is on while its cause is in place, whoever removed it."""
    told = world.told()
    return {**{story.value: story in told for story in Story}, "service": world.service_fault.value}


def routes(world: World, *, clock: Clock) -> list[Route]:
    """The demo's own paths; they need no token, and changes must be sent as JSON (no other site's form can)."""

    async def get_faults(_: Request) -> Response:
        world.advance(clock())
        return JSONResponse(faults_out(world))

    async def put_faults(request: Request) -> Response:
        world.advance(clock())
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return problem(422, "send content-type: application/json")
        try:
            wanted = FaultsIn.model_validate(json.loads(await request.body()))
        except (ValueError, ValidationError):
            return problem(422, f"send {{{', '.join(Story)}: bool, service: {[*ServiceFault]}}}")
        if wanted.reset:
            world.reset()
        for story in Story:
            on = getattr(wanted, story.value)
            if on is not None:
                world.tell(story, on=on)
        if wanted.service is not None:
            world.service_fault = wanted.service
        return JSONResponse(faults_out(world))

    async def effects(_: Request) -> Response:
        rows = [
            {
                "id": effect.id,
                "at": iso(effect.at),
                "operation": effect.operation,
                "key": effect.key,
                "args": json.loads(effect.arguments),
            }
            for effect in world.effects.applied
        ]
        return JSONResponse({"count": len(rows), "effects": rows})

    async def state(_: Request) -> Response:
        world.advance(clock())
        return JSONResponse({**snapshot(world), "faults": faults_out(world)})

    async def metrics(_: Request) -> Response:
        world.advance(clock())
        return PlainTextResponse(metrics_text(world), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def page(_: Request) -> Response:
        return HTMLResponse(PAGE.read_text(encoding="utf-8"), headers={"content-security-policy": CSP})

    return [
        Route("/", page),
        Route("/healthz", healthz),
        Route("/metrics", metrics),
        Route("/demo/faults", get_faults, methods=["GET"]),
        Route("/demo/faults", put_faults, methods=["PUT"]),
        Route("/demo/effects", effects),
        Route("/demo/state", state),
    ]
