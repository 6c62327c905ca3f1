"""A shop whose time stands still, reached without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.demo.shop import ManualClock, Shop
from tests.warm_shop import warm_shop

TOKEN = "shop-token"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def shop(clock: ManualClock) -> Shop:
    return warm_shop(seed=7, clock=clock, token=TOKEN, warm_minutes=10)


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=shop.asgi)
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield client
