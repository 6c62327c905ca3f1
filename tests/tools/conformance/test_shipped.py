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
TRIED_HERE = {"shop.yaml", "product.yaml"}
TRIED_IN_RECORDED = {"kubernetes.yaml", "github.yaml"}
"""against recorded servers, in tests/tools/sources/recorded"""


class Silence(httpx.AsyncBaseTransport):
    """Takes a request and never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("never")


def test_every_shipped_manifest_is_tried() -> None:
    assert {
        file.name for file in MANIFESTS.glob("*.yaml") if ".openapi" not in file.name
    } == TRIED_HERE | TRIED_IN_RECORDED


async def loaded(transport: httpx.AsyncBaseTransport, manifest: str = "shop.yaml") -> dict[str, Tool]:
    client = httpx.AsyncClient(transport=transport)
    environ = {"SHOP_TOKEN": TOKEN, "PRODUCT_TOKEN": TOKEN}
    tools = await load_openapi_source(MANIFESTS / manifest, environ=environ, client=client)
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


async def test_the_product_operations_keep_every_promise() -> None:
    clock = ManualClock()
    shop = create_shop(seed=7, clock=clock, token=TOKEN, warm_minutes=1)
    transport = httpx.ASGITransport(app=shop.asgi)

    async def world() -> str:
        kept = shop.world
        member = kept.members.find("a-44")
        assert member is not None
        own = (
            member.sessions,
            member.tokens,
            member.friction,
            member.reset_link_at is None,
            member.banned_until is None,
        )
        flags = [(flag.name, flag.on, flag.percent) for flag in kept.flags.all()]
        content = kept.moderation.find("c-203")
        return repr(
            (own, flags, kept.throttles.of("search.query"), kept.growth.campaigns, content, kept.moderation.appeals())
        )

    async def wait(seconds: float) -> None:
        clock.forward(seconds)

    tried = await Suite(
        tools=await loaded(transport, "product.yaml"),
        state=world,
        wait=wait,
        secrets=[TOKEN],
        changes=True,
        irreversible=True,
        silent=await loaded(Silence(), "product.yaml"),
    ).run()
    broken = [f"{one.tool}: {one.promise}: {one.says}" for one in tried if one.verdict is Verdict.BROKEN]
    assert broken == []
    kept = {(one.tool, one.promise) for one in tried if one.verdict is Verdict.KEPT}
    for name in ("apply_friction", "toggle_feature_flag", "throttle_endpoint", "revoke_sessions", "revoke_push_tokens"):
        assert {promise for tool, promise in kept if tool == f"product.{name}"} == set(Promise), name
    for name in ("remove_content", "ban_user", "resolve_appeal"):
        assert (f"product.{name}", Promise.ONCE) in kept, name
