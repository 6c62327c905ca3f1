"""A dry run never writes: every changing tool of the shop, through the gateway, with the state before and after."""

from pathlib import Path
from typing import Any

import pytest

from bot.demo.shop import Shop
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.redaction import Redactor
from policy.types import Tier
from storage import tasks
from storage.db import Database
from storage.records import Task
from tests.builders import a_new_task
from tests.tools.asking import a_call, ledger, proposals_of
from tests.tools.conftest import lab, lab_engine, rules, staff
from tests.tools.sources.conftest import client, clock, shop, tools
from tests.tools.sources.test_shop_tools import state
from tests.tools.spy import Notes
from tests.tools.staff import Staff
from tools.contract import Tool
from tools.gateway import Gateway
from tools.outcomes import Previewed
from tools.registry import Registry
from tools.rules import Rules

__all__ = ["client", "clock", "lab", "lab_engine", "rules", "shop", "staff", "tools"]

WRITES: dict[str, dict[str, Any]] = {
    "shop.set_flag": {"name": "new-checkout", "on": False, "percent": 0},
    "shop.set_throttle": {"endpoint": "checkout.retry", "per_second": 3, "minutes": 10},
    "shop.apply_friction": {"post_id": "p-105", "seconds_between_replies": 60, "minutes": 30},
    "shop.restart_consumer": {"name": "orders", "consumer": "analytics-1"},
}


def backfill(shop: Shop) -> dict[str, Any]:
    from bot.demo.shop.clock import iso

    return {"start": iso(shop.world.at - 300), "end": iso(shop.world.at - 60)}


@pytest.fixture
def gateway(db: Database, tools: dict[str, Tool], rules: Rules, staff: Staff, tmp_path: Path) -> Gateway:
    registry = Registry(tools.values())
    groups = ("operators", "sre", "sre-leads", "support")
    engine = PolicyEngine.load(DEFAULT_RULES, registry.actions(), groups, cache_dir=tmp_path / "policy")
    shops = type(rules)(**{**vars(rules), "engine": engine})
    return Gateway(db=db, registry=registry, rules=shops, redactor=Redactor.default(), people=staff)


async def a_dry_task(db: Database) -> Task:
    async with db.write() as tx:
        return await tasks.create(tx, a_new_task(dry_run=True))


def test_every_changing_tool_of_the_shop_is_tried_here(tools: dict[str, Tool]) -> None:
    writes = {name for name, tool in tools.items() if tool.manifest.tier is not Tier.READ}
    assert writes == {*WRITES, "shop.backfill"}


@pytest.mark.parametrize("name", [*WRITES, "shop.backfill"])
async def test_a_dry_run_changes_nothing_and_says_how_it_knows(
    gateway: Gateway, db: Database, tools: dict[str, Tool], shop: Shop, name: str
) -> None:
    task = await a_dry_task(db)
    before = state(shop)
    arguments = WRITES.get(name) or backfill(shop)
    outcome = await gateway.call(a_call(task, name, arguments), Notes())
    assert isinstance(outcome, Previewed), outcome
    assert outcome.grade.words == "previewed with impact analysis" and outcome.would.startswith("ask: ")
    assert state(shop) == before
    assert await ledger(db, task) == [] and await proposals_of(db, task) == []


async def test_the_state_that_is_compared_would_show_a_write(tools: dict[str, Tool], shop: Shop) -> None:
    """Else the test above could not fail."""
    from tests.tools.sources.conftest import context

    for name, tool in tools.items():
        if tool.manifest.tier is not Tier.READ:
            before = state(shop)
            arguments = tool.arguments.model_validate(WRITES.get(name) or backfill(shop))
            await tool.run(arguments, context(f"k-{name}"))
            assert state(shop) != before, name
