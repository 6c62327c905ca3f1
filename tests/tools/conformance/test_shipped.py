"""The tools that ship keep what tools promise. Every manifest in tools/manifests must have its part here."""

import asyncio
from pathlib import Path

import httpx

from bot.demo.shop import ManualClock, create_shop
from tools.conformance.suite import Suite
from tools.conformance.verdicts import Promise, Verdict
from tools.contract import Tool
from tools.sources.openapi import load_openapi_source

MANIFESTS = Path(__file__).parents[3] / "tools" / "manifests"
TOKEN = "shop-token-1234"
TRIED_HERE = {"shop.yaml"}


class Silence(httpx.AsyncBaseTransport):
    """Takes a request and never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("never")


def test_every_shipped_manifest_is_tried() -> None:
    assert {file.name for file in MANIFESTS.glob("*.yaml")} == TRIED_HERE


async def loaded(transport: httpx.AsyncBaseTransport) -> dict[str, Tool]:
    client = httpx.AsyncClient(transport=transport)
    tools = await load_openapi_source(MANIFESTS / "shop.yaml", environ={"SHOP_TOKEN": TOKEN}, client=client)
    return {tool.name: tool for tool in tools}


async def test_the_shops_tools_keep_every_promise() -> None:
    clock = ManualClock()
    shop = create_shop(seed=7, clock=clock, token=TOKEN, warm_minutes=10)
    transport = httpx.ASGITransport(app=shop.asgi)
    async with httpx.AsyncClient(transport=transport) as demo:
        await demo.put("http://127.0.0.1:8090/demo/faults", json={"bad_flag": True, "stuck_consumer": True})
    clock.forward(20)

    async def world() -> str:
        kept = shop.world
        flags = [(flag.name, flag.on, flag.percent) for flag in kept.flags.all()]
        limits = [kept.throttles.of(name) for name in ("checkout.retry", "search.query")]
        return repr((flags, limits, kept.social.friction("p-105"), kept.pipeline.generation))

    async def wait(seconds: float) -> None:
        clock.forward(seconds)

    tried = await Suite(
        tools=await loaded(transport),
        state=world,
        wait=wait,
        secrets=[TOKEN],
        changes=True,
        irreversible=True,
        silent=await loaded(Silence()),
    ).run()
    broken = [f"{one.tool}: {one.promise}: {one.says}" for one in tried if one.verdict is Verdict.BROKEN]
    assert broken == []
    kept = {(one.tool, one.promise) for one in tried if one.verdict is Verdict.KEPT}
    for name in ("shop.set_flag", "shop.set_throttle", "shop.apply_friction"):
        assert {promise for tool, promise in kept if tool == name} == set(Promise)
    assert ("shop.restart_consumer", Promise.ONCE) in kept
