"""A service that misbehaves over a real socket: each failure has its name and tells if something may have happened."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from bot.demo.shop import Shop, create_shop
from tests.tools.sources.conftest import MANIFEST, TOKEN, context
from tools.contract import Held, JsonObject, Tool, ToolFailed
from tools.sources.http_client import HttpRequest, HttpService
from tools.sources.openapi import load_openapi_source

FLAG: dict[str, object] = {"name": "new-checkout", "on": True, "percent": 50}


@dataclass
class Live:
    """The shop on a socket, its tools with a short patience, and a way to break it."""

    shop: Shop
    url: str
    client: httpx.AsyncClient
    tools: dict[str, Tool]

    async def misbehave(self, fault: str) -> None:
        assert (await self.client.put(f"{self.url}/demo/faults", json={"service": fault})).status_code == 200

    async def run(self, name: str, arguments: dict[str, object]) -> JsonObject:
        tool = self.tools[name]
        return await tool.run(tool.arguments.model_validate(arguments), context())


@pytest.fixture
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    folder = tmp_path_factory.mktemp("manifest")
    text = MANIFEST.read_text().replace("    rate_per_hour: 600\n", "    timeout_seconds: 0.5\n")
    text = text.replace("    watch_seconds:", "    timeout_seconds: 0.5\n    watch_seconds:")
    (folder / "shop.yaml").write_text(text)
    (folder / "shop.openapi.json").write_text(MANIFEST.with_name("shop.openapi.json").read_text())
    shop = create_shop(token=TOKEN, warm_minutes=1)
    async with shop.serve() as url, httpx.AsyncClient(trust_env=False) as client:
        environ = {"SHOP_TOKEN": TOKEN, "SHOP_URL": url}
        loaded = await load_openapi_source(folder / "shop.yaml", environ=environ, client=client)
        yield Live(shop=shop, url=url, client=client, tools={tool.name: tool for tool in loaded})


@contextlib.asynccontextmanager
async def _closing(answers: list[bool]) -> AsyncIterator[HttpService]:
    """A service that answers a request, or closes its connection instead, as told for each in turn."""
    left = iter(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                if not next(left):
                    break
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, httpx.AsyncClient(trust_env=False) as client:
        port = server.sockets[0].getsockname()[1]
        yield HttpService(name="s", base_url=f"http://127.0.0.1:{port}", client=client)


async def test_a_look_over_a_connection_that_was_just_closed_is_looked_again() -> None:
    """Else an approved change does not run because the look before it met a service that tidied up."""
    look = HttpRequest(method="GET", path="/x")
    async with _closing([True, False, True]) as service:
        assert await service.send(look, timeout=5) == {}
        assert await service.send(look, timeout=5) == {}
    async with _closing([False, False]) as service:
        with pytest.raises(ToolFailed, match="broke"):
            await service.send(look, timeout=5)


async def test_a_change_over_a_connection_that_was_just_closed_is_not_sent_again() -> None:
    async with _closing([True, False, True]) as service:
        change = HttpRequest(method="PUT", path="/x", may_change=True)
        assert await service.send(change, timeout=5) == {}
        with pytest.raises(ToolFailed, match="whether it happened is not known") as broke:
            await service.send(change, timeout=5)
        assert broke.value.effect_possible


@pytest.mark.parametrize(
    ("fault", "reason", "says", "write_effect"),
    [
        ("html", "bad_response", "'text/html' instead of JSON", True),
        ("http_500", "error", "answered 500", True),
        ("hang", "timeout", "did not answer within 0.5 s", True),
        ("slow", "timeout", "did not answer within 0.5 s", True),
        ("huge", "bad_response", "more than 1024 KB", True),
        ("redirect", "bad_response", "redirect to 'http://example.invalid", False),
    ],
)
async def test_each_failure_has_its_name_and_the_truth_about_effects(
    live: Live, fault: str, reason: str, says: str, write_effect: bool
) -> None:
    await live.misbehave(fault)
    with pytest.raises(ToolFailed, match=says) as read:
        await live.run("shop.list_flags", {})
    assert (read.value.reason, read.value.effect_possible) == (reason, False)
    with pytest.raises(ToolFailed, match=says) as write:
        await live.run("shop.set_flag", FLAG)
    assert (write.value.reason, write.value.effect_possible) == (reason, write_effect)
    tool = live.tools["shop.set_flag"]
    args = tool.arguments.model_validate(FLAG)
    assert tool.preview is not None
    with pytest.raises(ToolFailed, match="preview") as preview:
        await tool.preview(args, context())
    assert preview.value.effect_possible is False
    assert tool.verify is not None
    assert (await tool.verify(args, None, context())).held is Held.UNKNOWN


async def test_fifty_megabytes_are_not_read_to_the_end(live: Live) -> None:
    await live.misbehave("huge")
    service = HttpService(name="shop", base_url=live.url, client=live.client)
    started = time.monotonic()
    with pytest.raises(ToolFailed, match="more than 1024 KB"):
        await service.send(HttpRequest(method="GET", path="/flags"), timeout=20)
    assert time.monotonic() - started < 2


async def test_a_lost_answer_happened_once_and_the_same_key_finds_it_again(live: Live) -> None:
    await live.misbehave("lost_answer")
    with pytest.raises(ToolFailed, match="whether it happened is not known") as caught:
        await live.run("shop.set_flag", FLAG)
    assert caught.value.effect_possible is True
    await live.misbehave("none")
    again = await live.run("shop.set_flag", FLAG)
    assert isinstance(again["effect"], dict)
    assert again["effect"]["id"] == "e-1"
    assert [effect.key for effect in live.shop.world.effects.applied] == ["key-1"]


async def test_a_service_that_is_down_has_done_nothing() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        environ = {"SHOP_TOKEN": TOKEN, "SHOP_URL": "http://127.0.0.1:1"}
        tools = {tool.name: tool for tool in await load_openapi_source(MANIFEST, environ=environ, client=client)}
        tool = tools["shop.set_flag"]
        with pytest.raises(ToolFailed) as caught:
            await tool.run(tool.arguments.model_validate(FLAG), context())
    assert (caught.value.reason, caught.value.effect_possible) == ("unreachable", False)


async def test_a_refusal_says_what_the_service_says(live: Live) -> None:
    with pytest.raises(ToolFailed, match="refused with 404: no flag 'nix'; known: new-checkout") as caught:
        await live.run("shop.set_flag", {**FLAG, "name": "nix"})
    assert (caught.value.reason, caught.value.effect_possible) == ("refused", False)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n{nope", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\nNaN", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{}", "broke"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}", "compressed"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\ncontent-type: application/json\r\n\r\n" + b"[" * 200_000,
            "cannot be",
        ),
        (b"SSH-2.0-OpenSSH\r\n", "broke"),
        (b"", "broke"),
    ],
)
async def test_answers_that_are_no_good_http_or_json_end_as_a_tool_failure(answer: bytes, says: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        port = server.sockets[0].getsockname()[1]
        service = HttpService(name="x", base_url=f"http://127.0.0.1:{port}", client=client)
        with pytest.raises(ToolFailed, match=says) as caught:
            await service.send(HttpRequest(method="POST", path="/", may_change=True), timeout=2)
    assert caught.value.effect_possible is True


async def test_the_token_is_sent_and_never_said() -> None:
    seen: list[str] = []

    def echo(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-key"])
        return httpx.Response(403, json={"detail": f"bad key {request.headers['x-key']}"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(echo)) as client:
        service = HttpService(name="x", base_url="http://x", client=client, secret_header=("x-key", "s3cret-value"))
        with pytest.raises(ToolFailed) as caught:
            await service.send(HttpRequest(method="GET", path="/"), timeout=1)
    assert seen == ["s3cret-value"]
    assert "s3cret" not in str(caught.value)
    assert "check the token" in str(caught.value)
    assert "s3cret" not in repr(service)
