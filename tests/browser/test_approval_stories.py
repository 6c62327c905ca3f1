"""Approvals among several people, in a real browser: a quorum, a target that moves, a card that changes hands."""

import pytest
from playwright.async_api import expect

from tests.browser.running import RunningDemo
from tests.browser.visitor import ASK, DANA, INCIDENTS, KIM, NOOR, SAM, Visitor

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
TURN_OFF = "Turn feature flag new-checkout off in prod"


@pytest.mark.parametrize("demo", ["stuck_consumer"], indirect=True)
async def test_a_change_that_cannot_be_undone_takes_three_people(demo: RunningDemo, visitor: Visitor) -> None:
    """Kim is refused; Dana and Sam are two of three, and nothing runs; Noor is the third."""
    await visitor.say("@autopilot the analytics pipeline is lagging, why?")
    card = visitor.card()
    await expect(card).to_contain_text("This cannot be undone", timeout=30_000)
    await expect(card).to_contain_text("0 of 3 so far")
    await visitor.be(KIM)
    await visitor.press("approve", card)
    await visitor.shoot("40-quorum-confirm")
    await visitor.agree()
    await visitor.is_told("You cannot approve this")
    await visitor.shoot("41-quorum-refused")
    for who, so_far in ((DANA, "1 of 3 approvals"), (SAM, "2 of 3 approvals")):
        await visitor.be(who)
        await visitor.press("approve", card)
        await visitor.agree()
        await expect(card).to_contain_text(so_far)
    await visitor.is_told("still needs 1 of @sre.")
    await visitor.shoot("42-quorum-two-of-three", in_all_lights=True)
    assert await demo.effects() == []
    await visitor.be(NOOR)
    await visitor.press("approve", card)
    await visitor.agree()
    await expect(visitor.card("Restart")).to_contain_text("Done", timeout=40_000)
    await visitor.shoot("43-quorum-ran")
    assert [operation for operation, _ in await demo.effects()] == ["restartConsumer"]


async def test_a_target_that_moved_is_shown_before_and_after_and_asks_again(
    demo: RunningDemo, visitor: Visitor
) -> None:
    """Somebody else turned the flag off meanwhile: the vote finds it moved, and runs nothing."""
    await visitor.say(ASK)
    card = visitor.card(TURN_OFF)
    await expect(card).to_contain_text("Waiting for approval", timeout=30_000)
    await demo.somebody_turns_the_flag_off()
    await visitor.be(DANA)
    await visitor.press("approve", card)
    await expect(card).to_contain_text("Changed since it was proposed", timeout=30_000)
    await expect(card).to_contain_text("What moved since it was proposed")
    await expect(card).to_contain_text("true → false")
    await expect(card).to_contain_text("Approve again")
    await expect(card).to_contain_text("needs 1 of @operators · 0 of 1 so far")
    await visitor.shoot("50-moved-asks-again", in_all_lights=True)
    assert await demo.effects() == []
    await visitor.press("approve", card)
    await expect(card).to_contain_text("Done", timeout=40_000)
    assert len(await demo.effects()) == 1


async def test_a_card_changes_hands_and_a_stale_copy_is_refused(demo: RunningDemo, visitor: Visitor) -> None:
    """Dana hands it to Sam, whose copy Slack does not update while Dana decides in the channel after all."""
    page = visitor.page
    await visitor.say(ASK)
    card = visitor.card(TURN_OFF)
    await expect(card).to_contain_text("Waiting for approval", timeout=30_000)
    await visitor.be(DANA)
    await visitor.choose("Hand over", card)
    modal = page.get_by_role("dialog")
    await modal.locator("select").select_option(label="Riley Chen · Product analyst")
    await modal.locator("[data-modal=submit]").click()
    await expect(modal).to_contain_text("Riley Chen cannot approve this; it needs @operators")
    await visitor.shoot("60-hand-over-refused", in_all_lights=True)
    await modal.locator("select").select_option(label="Sam Lindqvist · SRE lead")
    await modal.locator("[data-modal=submit]").click()
    await expect(modal).to_have_count(0)
    await visitor.hears("@dana hands this to @sam.")
    await expect(card).to_contain_text("handed to @sam by @dana")
    thread = page.url

    await visitor.be(SAM)
    copy = await visitor.read_direct_messages()
    await expect(copy).to_contain_text("@dana hands this to you")
    await visitor.shoot("61-handed-to-sam", in_all_lights=True)
    await page.locator("[data-tab=home]").click()
    home = page.locator("[data-home]")
    await expect(home).to_contain_text("1 waiting for you")
    await visitor.shoot("62-home-decides", in_all_lights=True)

    await demo.slack_takes_no_updates(True)
    await visitor.be(DANA)
    await visitor.go(INCIDENTS)
    await page.evaluate("(hash) => { location.hash = hash }", thread.partition("#")[2])
    await visitor.press("approve", card)
    await visitor.hears("well again", seconds=60)
    await visitor.be(SAM)
    copy = await visitor.read_direct_messages()
    await visitor.press("approve", copy)
    told = page.locator("#main [data-ephemeral]").last
    await expect(told).to_contain_text("It was approved and has already run")
    await visitor.shoot("63-stale-refused", in_all_lights=True)
    await demo.slack_takes_no_updates(False)
    await visitor.press("approve", copy)
    await expect(copy).to_contain_text("Done and verified", timeout=70_000)
    assert len(await demo.effects()) == 1
    await visitor.shoot("64-copy-redrawn", in_all_lights=True)
