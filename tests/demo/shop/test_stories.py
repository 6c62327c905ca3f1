"""Causes have effects, and the effects go when the cause goes."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from bot.demo.shop import ManualClock, Shop, create_shop
from bot.demo.shop.faults import Story
from tests.demo.shop.conftest import TOKEN


async def fault(client: httpx.AsyncClient, **faults: object) -> None:
    assert (await client.put("/demo/faults", json=faults)).status_code == 200


async def read(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_bad_flag_breaks_checkout_and_turning_it_off_heals_it_within_five_seconds(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    assert (await read(client, "/metrics/error-rate?service=checkout"))["rate"] < 0.01
    await fault(client, bad_flag=True)
    clock.forward(20)
    assert (await read(client, "/metrics/error-rate?service=checkout"))["now"]["rate"] > 0.15
    await client.put("/flags/new-checkout", json={"on": False, "percent": 0})
    clock.forward(5)
    now = (await read(client, "/metrics/error-rate?service=checkout"))["now"]
    assert now["requests"] > 10
    assert now["rate"] < 0.05


async def test_error_rates_with_the_flag_on_and_off_prove_the_cause(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    began = clock()
    await fault(client, bad_flag=True)
    clock.forward(60)
    seen = await read(client, "/metrics/error-rate?service=checkout&minutes=5")
    on, off = (
        next(row for row in seen["by_flag"] if row["state"] == state and row["endpoint"] == "POST /checkout/orders")
        for state in ("on", "off")
    )
    assert on["requests"] > 50
    assert on["rate"] > 0.6
    assert off["requests"] > 50
    assert off["rate"] < 0.02
    began_at = datetime.fromisoformat(seen["began_at"]).timestamp()
    assert -10 <= began_at - began <= 20
    history = await read(client, "/flag-changes?minutes=5")
    assert [(row["flag"], row["by"]) for row in history["changes"]] == [("new-checkout", "mira")]
    assert history["changes"][0]["minutes_ago"] == pytest.approx((clock() - began) / 60, abs=0.1)


async def test_failed_orders_pile_up_and_drain_by_themselves_once_the_cause_is_gone(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    await fault(client, bad_flag=True)
    clock.forward(120)
    piled = (await read(client, "/metrics/error-rate?service=checkout"))["retry_backlog"]
    await fault(client, bad_flag=False)
    clock.forward(90)
    assert piled > 60
    assert (await read(client, "/metrics/error-rate?service=checkout"))["retry_backlog"] < 5


async def test_a_limit_on_retries_slows_the_drain_and_ends_by_itself(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    await fault(client, bad_flag=True)
    clock.forward(120)
    await client.put("/throttles/checkout.retry", json={"per_second": 1, "minutes": 2})
    await fault(client, bad_flag=False)
    clock.forward(45)
    before = (await read(client, "/metrics/error-rate?service=checkout"))["retry_backlog"]
    clock.forward(10)
    after = (await read(client, "/metrics/error-rate?service=checkout"))["retry_backlog"]
    assert before - after <= 11
    clock.forward(70)
    assert (await read(client, "/throttles/checkout.retry"))["per_second"] == 0


async def test_a_dogpile_comes_from_new_accounts_and_friction_slows_it(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    await fault(client, dogpile=True)
    clock.forward(30)
    seen = await read(client, "/posts/p-105/activity?minutes=5")
    assert seen["now"]["replies_per_minute"] > 50 * seen["usual_per_minute"]
    assert seen["new_accounts"] == 40
    assert seen["new_share"] > 0.8
    assert (await read(client, "/posts"))["posts"][0]["post_id"] == "p-105"
    await client.put("/posts/p-105/friction", json={"seconds_between_replies": 60, "minutes": 30})
    clock.forward(6)
    slowed = (await read(client, "/posts/p-105/activity"))["now"]
    assert slowed["replies_per_minute"] < seen["now"]["replies_per_minute"] / 5
    assert slowed["refused_per_minute"] > 100


async def test_a_stuck_consumer_lags_and_a_restart_loses_what_it_held_until_a_backfill(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    await fault(client, stuck_consumer=True)
    clock.forward(60)
    stuck = await read(client, "/queues/orders")
    assert (stuck["consumer"]["state"], stuck["consumer"]["in_flight"]) == ("stuck", 40)
    assert stuck["lag"] > 200
    assert stuck["gap"]["missing"] == 0
    await client.post("/queues/orders/restart", json={})
    clock.forward(5)
    running = await read(client, "/queues/orders")
    assert (running["consumer"]["state"], running["lag"], running["gap"]["missing"]) == ("running", 0, 40)
    window = running["gap_window"]
    assert window["missing"] == 40
    for rows in (40, 0):
        done = await client.post("/backfills", json={"start": window["start"], "end": window["end"]})
        assert done.json()["before"]["missing"] == rows
    assert (await read(client, "/queues/orders"))["gap"]["missing"] == 0


async def test_reset_puts_everything_back(client: httpx.AsyncClient, clock: ManualClock) -> None:
    await fault(client, **{story.value: True for story in Story}, service="http_500")
    clock.forward(10)
    await fault(client, reset=True)
    faults = await read(client, "/demo/faults")
    assert faults == {**{story.value: False for story in Story}, "service": "none"}


async def test_the_same_seed_and_clock_give_the_same_numbers() -> None:
    def run(seed: int) -> list[int]:
        clock = ManualClock()
        shop = create_shop(seed=seed, clock=clock, token=TOKEN, warm_minutes=2)
        return [
            shop.world.counters.total(shop.world.at, 120, name).requests for name in ("checkout", "search", "social")
        ]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_copied_past_is_the_one_that_was_lived(clock: ManualClock, shop: Shop) -> None:
    """Most tests' shops are copies (tests/warm_shop.py): before and after, they are what `create_shop` makes."""
    lived = create_shop(seed=7, clock=clock, token=TOKEN, warm_minutes=10)
    for seconds in (0, 30):
        clock.forward(seconds)
        seen = []
        for world in (shop.world, lived.world):
            world.advance(clock())
            rows = list(world.counters.rows(world.at, 700))
            seen.append(
                (world.at, rows, list(world.logs.search(query="", component="", since=0)), world.pipeline.lag())
            )
        assert seen[0] == seen[1]


async def test_the_load_is_about_twenty_requests_a_second(shop: Shop) -> None:
    assert 18 < shop.world.counters.total(shop.world.at, 300).requests / 300 < 22
