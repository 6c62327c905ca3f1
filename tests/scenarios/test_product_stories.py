"""Safety, support and growth: each kind of work in the channel of those who ask it, as the demo shows them."""

from pathlib import Path

import pytest

from bot.demo.shop.faults import Story
from tests.scenarios.world import DANA, KIM, NOOR, RILEY, SAM, Message, a_world, everything


def at(channel: str, message: Message) -> Message:
    return {**message, "channel": channel}


async def test_support_has_a_stranger_thrown_out_of_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two changes, one card, one approval; the member is in again."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=Story.LOCKED_OUT) as world:
        here = "C0SUPPORT"
        thread = await world.ask("member a-17 cannot login, can you help?", who=KIM, channel=here)
        card = await world.card(thread, "proposal.approve", channel=here, seconds=60)
        shown = everything(card)
        assert "link to set a new password" in shown
        assert "out on every device" in shown
        await world.click(DANA, at(here, card), "proposal.approve")
        await world.text(thread, "The stranger is out", channel=here, seconds=60)
        assert [effect.operation for effect in world.shop.world.effects.applied] == ["sendResetLink", "revokeSessions"]


async def test_safety_removes_a_scam_only_with_three_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=Story.SCAM) as world:
        here = "C0SAFETY"
        thread = await world.ask("a reply was reported as a scam, can you look?", channel=here)
        card = await world.card(thread, "proposal.approve", says="cannot be undone", channel=here, seconds=60)
        for person in (DANA, SAM):
            await world.click(person, at(here, card), "proposal.approve")
        await world.text(thread, "still needs", who=SAM, channel=here, seconds=60)
        assert world.shop.world.effects.applied == []
        await world.click(NOOR, at(here, card), "proposal.approve")
        ban = await world.card(thread, "proposal.reject", says="Ban member", channel=here, seconds=60)
        assert [effect.operation for effect in world.shop.world.effects.applied] == ["removeContent"]
        assert "cannot be undone" in everything(ban)


@pytest.mark.long
async def test_growth_plans_a_campaign_for_the_weak_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=Story.WEAK_WINDOW) as world:
        here = "C0GROWTH"
        thread = await world.ask("which window underperforms, and what would help?", who=RILEY, channel=here)
        card = await world.card(thread, "proposal.approve", channel=here, seconds=60)
        await world.click(DANA, at(here, card), "proposal.approve")
        await world.text(thread, "A campaign before 18:00-20:00 is planned", channel=here, seconds=60)
        done = await world.card(thread, "proposal.undo", channel=here, seconds=60)
        await world.click(SAM, at(here, done), "proposal.undo")
        await world.text(thread, "Undone by", channel=here, seconds=60)
        assert world.shop.world.growth.campaigns == {}
