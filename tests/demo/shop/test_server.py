"""The shop over a real socket: traffic by itself, the page, metrics, and how it misbehaves."""

import asyncio
import re
import time

import httpx
import pytest

from bot.demo.shop import create_shop
from tests.demo.shop.conftest import TOKEN


async def test_traffic_flows_by_itself_and_the_server_stops_by_itself() -> None:
    shop = create_shop(token=TOKEN, warm_minutes=0)
    async with shop.serve() as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        assert url.startswith("http://127.0.0.1:")
        async with asyncio.timeout(10):
            while shop.world.counters.total(shop.world.at, 60).requests < 10:
                assert (await client.get("/healthz")).status_code == 200
        gone = url
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(gone)


async def test_a_hanging_request_does_not_keep_the_server_from_stopping() -> None:
    started = time.monotonic()
    shop = create_shop(token=TOKEN, warm_minutes=0)
    async with shop.serve() as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await client.put("/demo/faults", json={"service": "hang"})
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/flags", timeout=0.2)
        assert (await client.get("/healthz")).status_code == 200
    assert time.monotonic() - started < 10


async def test_the_page_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.findall(r"""(?:src|href)=["'](?!data:)|https?://""", page.text)


async def test_metrics_count_what_happened(client: httpx.AsyncClient) -> None:
    text = (await client.get("/metrics")).text
    ok = re.search(
        r'shop_requests_total\{component="checkout",endpoint="POST /checkout/orders",flag="",outcome="ok"\} (\d+)', text
    )
    assert ok is not None
    assert int(ok[1]) > 2000
    assert 'shop_flag_percent{flag="new-checkout"} 0' in text


async def test_another_sites_form_cannot_set_faults(client: httpx.AsyncClient) -> None:
    answer = await client.put("/demo/faults", content=b'{"bad_flag": true}', headers={"content-type": "text/plain"})
    assert answer.status_code == 422
    assert (await client.get("/demo/faults")).json()["bad_flag"] is False
