"""The story of the slow checkout: its orders in a real PostgreSQL, the missing index found, proved, built, and seen."""

# ruff: noqa: ASYNC110 - the database tells nobody how slow it is

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from bot.demo.shop.orders import filled
from bot.demo.shop.world import World as Shopping
from storage import skill_runs
from tests.scenarios.world import DANA, a_world, everything
from tests.tools.postgres.conftest import plain

pytestmark = [pytest.mark.postgres, pytest.mark.long]


def _told_of(shop: Shopping) -> bool:
    """Whether the shop's own numbers say by now that its orders are slow: they are taken once a second."""
    return max(shop.gauges.between("checkout.database_ms", int(shop.at) - 5, int(shop.at) + 1), default=0.0) > 60


async def test_a_missing_index_is_proved_built_on_approval_and_shown_before_and_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    orders = await filled(plain(postgres_url), tmp_path)
    try:
        async with a_world(
            tmp_path, monkeypatch.setenv, fault=None, operator_database_url=orders.operator_url
        ) as world:
            measuring = asyncio.create_task(orders.keep_measuring(world.shop.world))
            async with asyncio.timeout(60):
                while not _told_of(world.shop.world):
                    await asyncio.sleep(0.05)
            thread = await world.ask("checkout is slow, what is going on?")
            card = await world.card(thread, "proposal.approve", seconds=60)
            shown = everything(card)
            assert "Build an index on `shop.orders` (customer_id)" in shown
            assert "where customer_id =" in shown and "with the index" in shown
            assert "reads and writes go on" in shown
            await world.click(DANA, card, "proposal.approve")
            answer = everything(await world.text(thread, "Before:", seconds=90))
            assert "ms of an order. Now:" in answer
            before, now = map(float, re.findall(r"(?:Before|Now): ([\d.]+) ms", answer)[:2])
            assert now < before / 2
            chart = await world.text(thread, "Line of checkout.database_ms", seconds=60)
            assert "slack_file" in everything(chart)
            measuring.cancel()
            async with world.database() as db, db.read() as tx:
                known = await skill_runs.learned(tx, "T0ACME")
            assert (known["slow-checkout"].ok, known["pg-missing-index"].helped) == (1, 1)
    finally:
        admin = await asyncpg.connect(plain(postgres_url))
        await admin.execute("drop schema shop cascade; drop role shop_app, autopilot_operator, shop_owner")
        await admin.close()
