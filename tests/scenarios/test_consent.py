"""The first use of a model that runs elsewhere: asked once, for one person's eyes; the request goes on after a yes."""

from pathlib import Path

import pytest

from bot.agent import definition
from bot.agent.definition import DataPolicy
from tests.scenarios.world import ANA, INCIDENTS, World, a_world, action_ids, everything

CLOUD = DataPolicy(kind="cloud", provider="anthropic", region="eu")


def _question(world: World, thread: str) -> str | None:
    """The ts of the question that Ana sees in the thread."""
    found = world.slack.ui.messages(INCIDENTS, as_=ANA, thread_ts=thread)
    return next((str(m["ts"]) for m in found if m.get("ephemeral_for") and "consent.yes" in action_ids(m)), None)


async def _told(world: World, words: str) -> None:
    def look() -> bool:
        found = world.slack.ui.messages(INCIDENTS, as_=ANA)
        return any(words in everything(m) for m in found if m.get("ephemeral_for"))

    assert await world.see(look)


async def test_a_cloud_agent_asks_a_person_once_and_goes_on_after_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = definition.load().model_copy(update={"data_policy": CLOUD})
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, agent=agent, signed_http=True) as world:
        first = await world.ask("please write a poem")
        ts = await world.see(lambda: _question(world, first), 60)
        assert not [m for m in world.thread(first) if m.get("bot_id") and not m.get("ephemeral_for")]
        await world.slack.ui.click(ANA, INCIDENTS, ts, "consent.no")
        await world.text(first, "Nothing was sent")

        second = await world.ask("please write a poem")
        ts = await world.see(lambda: _question(world, second), 60)
        await world.slack.ui.click(ANA, INCIDENTS, ts, "consent.yes")
        await world.text(second, "I have no playbook for that", seconds=60)
        await world.see(lambda: _question(world, second) is None)  # it says what was answered, without buttons
        third = await world.ask("please write another poem")
        await world.text(third, "I have no playbook for that", seconds=60)
        assert _question(world, third) is None

        await world.slack.ui.command(ANA, INCIDENTS, "/autopilot", "consent")
        await _told(world, "cloud: anthropic, eu")
        await world.slack.ui.send(ANA, INCIDENTS, "@autopilot consent withdraw", thread_ts=third)
        await world.text(third, "Nothing more of yours is sent")
        fourth = await world.ask("please write a poem")
        assert await world.see(lambda: _question(world, fourth), 60)
        await world.slack.ui.home(ANA)
        await world.see(lambda: "may it be sent to the provider" in str(world.slack.ui.home_view(ANA)))
        await world.slack.ui.command(ANA, INCIDENTS, "/autopilot", "consent withdraw")
        await _told(world, "There was nothing to take back")
