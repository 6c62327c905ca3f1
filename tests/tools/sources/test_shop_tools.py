"""The shop's tools as the gateway uses them: look, do, see, take back."""

from typing import Any

import httpx
import pytest

from bot.demo.shop import ManualClock, Shop
from policy.types import Tier
from tests.tools.sources.conftest import context
from tools.contract import Held, Impact, Tool, answered
from tools.manifest import DryRun

CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("shop.set_flag", {"name": "search-synonyms", "on": False, "percent": 0}),
    ("shop.set_throttle", {"endpoint": "checkout.retry", "per_second": 3, "minutes": 10}),
    ("shop.apply_friction", {"post_id": "p-105", "seconds_between_replies": 60, "minutes": 30}),
]


def state(shop: Shop) -> str:
    """Everything a write could touch, without what moves by itself."""
    world = shop.world
    return repr(
        (
            world.flags.all(),
            [world.throttles.of(name) for name in ("checkout.retry", "search.query")],
            [world.social.friction(post) for post in ("p-101", "p-105")],
            world.pipeline.generation,
            world.pipeline.backfills,
            len(world.effects.applied),
        )
    )


async def preview(tool: Tool, arguments: dict[str, Any]) -> Impact:
    assert tool.preview is not None
    return await tool.preview(tool.arguments.model_validate(arguments), context())


async def run(tool: Tool, arguments: dict[str, Any], key: str) -> dict[str, Any]:
    return dict(await tool.run(tool.arguments.model_validate(arguments), context(key)))


@pytest.mark.parametrize(("name", "arguments"), CHANGES)
async def test_undo_restores_exactly_what_was_there_even_over_an_earlier_change(
    tools: dict[str, Tool], shop: Shop, name: str, arguments: dict[str, Any]
) -> None:
    tool = tools[name]
    earlier = {"on": True, "percent": 30} if "on" in arguments else {"minutes": 7}
    await run(tool, {**arguments, **earlier}, "k-0")
    world = shop.world
    before = repr((world.flags.all(), world.throttles.of("checkout.retry"), world.social.friction("p-105")))
    changed = {**arguments, "seconds_between_replies": 30} if "post_id" in arguments else {**arguments}
    impact = await preview(tool, changed)
    await run(tool, changed, "k-1")
    assert repr((world.flags.all(), world.throttles.of("checkout.retry"), world.social.friction("p-105"))) != before
    assert tool.undo is not None
    inverse = await answered(tool.undo(tool.arguments.model_validate(changed), impact))
    assert inverse is not None
    # Through the gateway's own path: dumped without nulls and validated again.
    other = tools[inverse.tool]
    sealed = other.arguments.model_validate(inverse.arguments).model_dump(mode="json", exclude_none=True)
    await run(other, sealed, "k-2")
    assert repr((world.flags.all(), world.throttles.of("checkout.retry"), world.social.friction("p-105"))) == before


@pytest.mark.parametrize("name", [name for name, _ in CHANGES] + ["shop.restart_consumer", "shop.backfill"])
async def test_a_preview_changes_nothing_and_counts_what_it_would_touch(
    tools: dict[str, Tool], shop: Shop, name: str
) -> None:
    tool = tools[name]
    before = state(shop)
    impact = await preview(tool, dict(tool.manifest.examples[0].input))
    assert state(shop) == before
    assert impact.grade is DryRun.ANALYSED
    assert impact.changes
    assert impact.counted
    assert impact.before


async def test_the_state_before_stays_equal_while_traffic_flows(
    tools: dict[str, Tool], client: httpx.AsyncClient, clock: ManualClock
) -> None:
    """Else every proposal would look as if the world had moved."""
    await client.put(
        "http://127.0.0.1:8090/demo/faults", json={"bad_flag": True, "stuck_consumer": True, "dogpile": True}
    )
    clock.forward(30)
    for name in ("shop.set_flag", "shop.set_throttle", "shop.apply_friction", "shop.restart_consumer"):
        arguments = dict(tools[name].manifest.examples[0].input)
        first = await preview(tools[name], arguments)
        clock.forward(60)
        second = await preview(tools[name], arguments)
        assert second.before == first.before
        assert second.changes == first.changes


async def test_one_intent_is_one_effect_however_often_it_runs(tools: dict[str, Tool], shop: Shop) -> None:
    tool = tools["shop.restart_consumer"]
    arguments = {"name": "orders", "consumer": "analytics-1"}
    first = await run(tool, arguments, "intent-1")
    assert await run(tool, arguments, "intent-1") == first
    assert shop.world.pipeline.generation == 2
    await run(tool, arguments, "intent-2")
    assert shop.world.pipeline.generation == 3


async def test_turning_a_flag_off_has_taken_when_its_code_serves_nobody(
    tools: dict[str, Tool], client: httpx.AsyncClient, clock: ManualClock
) -> None:
    await client.put("http://127.0.0.1:8090/demo/faults", json={"bad_flag": True})
    clock.forward(10)
    tool = tools["shop.set_flag"]
    arguments = {"name": "new-checkout", "on": False, "percent": 0}
    args, impact = tool.arguments.model_validate(arguments), await preview(tool, arguments)
    await run(tool, arguments, "k-1")
    assert tool.verify is not None
    assert (await tool.verify(args, impact, context())).held is Held.NO
    clock.forward(6)
    seen = await tool.verify(args, impact, context())
    assert seen.held is Held.YES
    assert "`new-checkout` is off; it served 0 requests of checkout in the last 5 s" in seen.says


async def test_an_undo_of_nothing_is_none(tools: dict[str, Tool]) -> None:
    tool = tools["shop.set_flag"]
    arguments = {"name": "new-checkout", "on": False, "percent": 0}
    assert tool.undo is not None
    assert await answered(tool.undo(tool.arguments.model_validate(arguments), await preview(tool, arguments))) is None


async def test_what_cannot_be_taken_back_says_so(tools: dict[str, Tool]) -> None:
    for tool in tools.values():
        if tool.manifest.tier is Tier.REVERSIBLE:
            assert tool.undo is not None
            assert tool.preview is not None
            assert tool.verify is not None
        elif tool.manifest.tier is Tier.IRREVERSIBLE:
            assert tool.undo is None
            assert tool.verify is not None
        else:
            assert tool.preview is None


async def test_every_read_has_a_finding_of_one_line_with_a_number_or_a_name(tools: dict[str, Tool]) -> None:
    for tool in tools.values():
        if tool.manifest.tier is Tier.READ:
            args = tool.arguments.model_validate(dict(tool.manifest.examples[0].input))
            finding = await answered(tool.finding(args, await tool.run(args, context())))
            assert finding
            assert "\n" not in finding
            assert "another shape" not in finding


async def test_a_finding_of_an_odd_answer_says_so(tools: dict[str, Tool]) -> None:
    tool = tools["shop.error_rate"]
    args = tool.arguments.model_validate({"service": "checkout"})
    assert "another shape" in await answered(tool.finding(args, {"surprise": 1}))
