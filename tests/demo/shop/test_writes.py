"""Writes: dry runs change nothing, one key is one effect, and only with the token."""

import httpx
import pytest

from bot.demo.shop import ManualClock, Shop

WRITES = [
    ("PUT", "/flags/new-checkout", {"on": True, "percent": 50}),
    ("PUT", "/throttles/checkout.retry", {"per_second": 3, "minutes": 10}),
    ("PUT", "/posts/p-105/friction", {"seconds_between_replies": 60, "minutes": 30}),
    ("POST", "/queues/orders/restart", {}),
    ("POST", "/backfills", {"start": "2026-09-21T13:00:00Z", "end": "2026-09-21T13:30:00Z"}),
]
STATE = (
    "/flags",
    "/throttles",
    "/posts/p-105/activity",
    "/queues/orders",
    "/backfills",
    "/flag-changes",
    "/demo/effects",
)


async def everything(client: httpx.AsyncClient) -> list[str]:
    return [(await client.get(path)).text for path in STATE]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_a_dry_run_says_what_would_change_and_changes_nothing(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, object]
) -> None:
    before = await everything(client)
    answer = (await client.request(method, path, params={"dry_run": "true"}, json=body)).json()
    assert answer["dry_run"] is True
    assert answer["effect"] is None
    assert answer["changes"]
    assert answer["impact"]["counted"]
    assert await everything(client) == before


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_one_key_is_one_effect_and_another_key_is_another(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, object]
) -> None:
    async def send(key: str) -> httpx.Response:
        return await client.request(method, path, json=body, headers={"idempotency-key": key})

    first, again, other = await send("k-1"), await send("k-1"), await send("k-2")
    assert again.text == first.text
    assert again.headers["idempotent-replayed"] == "true"
    assert other.json()["effect"]["id"] != first.json()["effect"]["id"]
    effects = (await client.get("/demo/effects")).json()
    assert [effect["key"] for effect in effects["effects"]] == ["k-1", "k-2"]


async def test_a_key_that_comes_back_for_something_else_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "k-1"}
    await client.put("/flags/new-checkout", json={"on": True, "percent": 50}, headers=headers)
    answer = await client.put("/flags/new-checkout", json={"on": True, "percent": 60}, headers=headers)
    assert answer.status_code == 409
    assert (await client.get("/flags/new-checkout")).json()["percent"] == 50


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Bearer ", "Basic shop-token", "Bearer tökén"])
async def test_a_write_without_the_token_does_nothing(client: httpx.AsyncClient, shop: Shop, token: str) -> None:
    answer = await client.put(
        "/flags/new-checkout", json={"on": True, "percent": 50}, headers=[(b"authorization", token.encode())]
    )
    assert answer.status_code == 401
    assert shop.world.effects.applied == []


@pytest.mark.parametrize("word", ["True", "1", "yes", ""])
async def test_a_dry_run_that_is_spelt_otherwise_is_never_taken_for_a_real_one(
    client: httpx.AsyncClient, shop: Shop, word: str
) -> None:
    answer = await client.put("/flags/new-checkout", params={"dry_run": word}, json={"on": True, "percent": 50})
    assert answer.status_code == 422
    assert shop.world.effects.applied == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/flags/nothing", {"on": True, "percent": 50}, 404),
        ("/flags/new-checkout", {"on": True, "percent": 101}, 422),
        ("/flags/new-checkout", {"on": True, "percent": 50, "by": "me"}, 422),
        ("/throttles/checkout.retry", {"per_second": 3, "expires_at": "soon"}, 422),
        ("/posts/p-999/friction", {"seconds_between_replies": 5}, 404),
    ],
)
async def test_bad_requests_name_the_problem(
    client: httpx.AsyncClient, path: str, body: dict[str, object], status: int
) -> None:
    answer = await client.put(path, json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff\xfe", b"x" * 100_000])
async def test_a_body_that_is_no_json_object_is_refused(client: httpx.AsyncClient, raw: bytes) -> None:
    assert (await client.put("/flags/new-checkout", content=raw)).status_code == 422


async def test_limits_and_friction_end_by_themselves(client: httpx.AsyncClient, clock: ManualClock) -> None:
    await client.put("/throttles/search.query", json={"per_second": 1, "minutes": 1})
    await client.put("/posts/p-101/friction", json={"seconds_between_replies": 9, "minutes": 1})
    clock.forward(61)
    assert (await client.get("/throttles/search.query")).json()["per_second"] == 0
    assert (await client.get("/posts/p-101/activity")).json()["friction"]["seconds"] == 0
