"""Sources under test: documents made on the spot, and the real shop."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bot.demo.shop import ManualClock, Shop
from tests.warm_shop import warm_shop
from tools.contract import Tool, ToolContext
from tools.sources.openapi import load_openapi_source

TOKEN = "shop-token-1234"
MANIFEST = Path(__file__).parents[3] / "tools/manifests/shop.yaml"
PRODUCT = MANIFEST.with_name("product.yaml")
Json = dict[str, Any]
LoadOne = Callable[..., Awaitable[list[Tool]]]


def context(key: str = "key-1") -> ToolContext:
    return ToolContext(tenant="t", correlation_id="c", idempotency_key=key)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def shop(clock: ManualClock) -> Shop:
    return warm_shop(seed=7, clock=clock, token=TOKEN, warm_minutes=10)


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """A client that reaches the shop without a socket, under the manifest's own base URL."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=shop.asgi)) as client:
        yield client


@pytest.fixture
async def tools(client: httpx.AsyncClient) -> dict[str, Tool]:
    loaded = await load_openapi_source(MANIFEST, environ={"SHOP_TOKEN": TOKEN}, client=client)
    return {tool.name: tool for tool in loaded}


@pytest.fixture
async def product(client: httpx.AsyncClient) -> dict[str, Tool]:
    """The product operations, which the shop answers."""
    loaded = await load_openapi_source(PRODUCT, environ={"PRODUCT_TOKEN": TOKEN}, client=client)
    return {tool.name: tool for tool in loaded}


@pytest.fixture
def load(tmp_path: Path) -> LoadOne:
    """Load one tool `x.do` on one operation `doIt`, with what a test changes about it."""

    async def load(
        *, operation: Json | None = None, tool: Json | None = None, components: Json | None = None, **service: Any
    ) -> list[Tool]:
        document = {
            "openapi": "3.1.0",
            "info": {"title": "x", "version": "1"},
            "paths": {"/do/{id}": {"post": {"operationId": "doIt", **(operation or {})}}},
            "components": {"schemas": components or {}},
        }
        (tmp_path / "x.json").write_text(json.dumps(document))
        entry = {
            "name": "x.do",
            "summary": "does it",
            "tier": "reversible",
            "title": "'Did it'",
            "says": "'Do it'",
            "verb": "do",
            "target": {"id": "'x'"},
            "http": {"operation": "doIt"},
            **(tool or {}),
        }
        header = {
            "name": "x",
            "owner": "o",
            "base_url": "http://127.0.0.1:1",
            "openapi": "x.json",
            "egress": ["127.0.0.1"],
        }
        manifest = tmp_path / "x.yaml"
        manifest.write_text(yaml.safe_dump({"service": {**header, **service}, "tools": [entry]}))
        async with httpx.AsyncClient(trust_env=False) as client:
            return await load_openapi_source(manifest, environ={}, client=client)

    return load


def body_of(schema: Json, **more: Any) -> Json:
    """An operation whose body has this schema."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}, **more}
