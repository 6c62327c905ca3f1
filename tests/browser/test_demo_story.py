"""The demo as a first visitor lives it: a real `autopilot demo`, a real browser, and only clicks and keys."""

import os
import re
import signal

import pytest
from playwright.async_api import Locator, expect

from tests.browser.running import RunningDemo
from tests.browser.visitor import ANA, ASK, DANA, OPS, RILEY, SAM, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
TURN_OFF = "Turn feature flag new-checkout off in prod"
PARTS = (
    TURN_OFF,
    "Before → after",
    "Risk",
    "Blast radius",
    "the bot's opinion",
    "Evidence",
    "Rollback",
    "needs 1 of @operators",
)
STEPS = (
    "Checked error rates of checkout",
    "Looked up flag changes",
    "Looked up releases",
    "Searched the logs",
    "The flag explains it",
    "Waiting for approval",
)
TURN_ON = "Turn feature flag new-checkout on for 10 % of its customers in prod"


async def test_a_failing_checkout_is_explained_approved_and_undone(demo: RunningDemo, visitor: Visitor) -> None:
    """Ask, read the evidence, be refused twice, approve, see the shop get well, undo, read the digest."""
    assert await demo.error_rate() > 0.1
    await visitor.say(ASK)
    card = visitor.card(TURN_OFF)
    await expect(visitor.thread.locator("[data-task-id]").first).to_be_visible()
    await expect(card).to_contain_text("Waiting for approval")
    await visitor.shoot("01-card-proposed", in_all_lights=True)
    for part in (
        TURN_OFF,
        "Before → after",
        "Risk",
        "Blast radius",
        "Why",
        "Evidence",
        "Rollback",
        "needs 1 of @operators",
    ):
        await expect(card).to_contain_text(part)
    await _evidence_has_the_numbers(demo, visitor, card)

    await visitor.be(RILEY)
    await visitor.press("approve", card)
    await visitor.is_told("You cannot approve this")
    await visitor.is_told("@operators")
    await visitor.shoot("02-refused-outsider")
    await visitor.be(ANA)
    await visitor.press("approve", card)
    await visitor.is_told("you asked for this")
    await visitor.shoot("03-refused-requester")
    assert await demo.effects() == []

    await visitor.be(DANA)
    await visitor.press("approve", card)
    await expect(card).to_contain_text("Done and verified", timeout=40_000)
    await visitor.hears("well again", seconds=40)
    await visitor.shoot("05-verified")
    await demo.error_rate_falls(0.05)
    assert await demo.effects() == [("setFlag", {"name": "new-checkout", "on": False, "percent": 0})]

    await visitor.press("undo", card)
    await visitor.shoot("06-undo-confirm")
    await visitor.agree()
    await visitor.hears("Undone by @dana", seconds=40)
    await expect(card).to_contain_text("↺ Undone by @dana")
    await expect(card.locator("[data-action-id='proposal.undo']")).to_have_count(0)
    await visitor.shoot("07-undone", in_all_lights=True)
    assert [args["on"] for _, args in await demo.effects()] == [False, True]

    await visitor.go(OPS)
    await visitor.say("/autopilot digest")
    digest = visitor.page.locator("#main article", has_text="Daily operations digest")
    await expect(digest).to_contain_text("2 proposals: 1 approved, 0 rejected")
    await expect(digest).to_contain_text("1 undone")
    await visitor.shoot("08-digest", in_all_lights=True)


async def test_a_no_is_answered_and_an_edit_is_a_new_proposal(demo: RunningDemo, visitor: Visitor) -> None:
    """Reject with a reason; ask again, edit: a wrong value is refused at its field, and the editor cannot approve."""
    await visitor.say(ASK)
    card = visitor.card(TURN_OFF)
    await expect(card).to_contain_text("Waiting for approval")
    await visitor.be(SAM)
    await visitor.press("reject", card)
    modal = visitor.page.get_by_role("dialog")
    await modal.locator("textarea").fill("Wait for the release at 13:00")
    await visitor.shoot("10-reject-modal")
    await modal.locator("[data-modal=submit]").click()
    await expect(card).to_contain_text("Rejected by @sam")
    await expect(card).to_contain_text("Wait for the release at 13:00")
    await visitor.hears("Understood, not done: “Wait for the release at 13:00”")
    await visitor.shoot("11-rejected")

    await visitor.arrive(ANA)
    await visitor.say(ASK)
    card = visitor.card(TURN_OFF)
    await expect(card).to_contain_text("Waiting for approval")
    await visitor.be(DANA)
    await visitor.press("edit", card)
    percent = modal.locator("[data-block-id='edit.percent'] input")
    await percent.fill("250")
    await modal.locator("[data-modal=submit]").click()
    await expect(modal.locator("[data-block-id='edit.percent'] [data-field-error]")).to_contain_text(
        "must be 100 or less"
    )
    await visitor.shoot("12-edit-refused")
    await modal.get_by_text("yes", exact=True).click()
    await percent.fill("10")
    await modal.locator("[data-modal=submit]").click()
    await expect(modal).to_have_count(0)
    await visitor.hears("Replaced by an edited proposal")
    card = visitor.card(TURN_ON)
    await expect(card).to_contain_text("needs 1 of @operators")
    await visitor.shoot("13-edited", in_all_lights=True)
    await visitor.press("approve", card)
    await visitor.is_told("you changed the values")
    await _approve_by_keyboard_as_sam(visitor, card)
    await expect(card).to_contain_text("Done and verified", timeout=40_000)
    await visitor.shoot("14-edit-done")
    assert await demo.effects() == [("setFlag", {"name": "new-checkout", "on": True, "percent": 10})]


async def test_a_direct_message_is_answered_there_and_home_lists_it(demo: RunningDemo, visitor: Visitor) -> None:
    """The same work by direct message, and a lead's Home tab lists what waits for her."""
    page = visitor.page
    await page.locator("#sidebar a", has_text="autopilot").click()
    await page.locator("[data-tab=messages]").click()
    card = visitor.card(TURN_OFF)
    await visitor.say("checkout is failing, what is going on?")
    await expect(card).to_contain_text("Waiting for approval")
    await visitor.shoot("20-direct-message")
    await visitor.be(DANA)
    await page.locator("#sidebar a", has_text="autopilot").click()
    await page.locator("[data-tab=home]").click()
    home = page.locator("[data-home]")
    await expect(home).to_contain_text("1 waiting for you")
    await expect(home).to_contain_text(TURN_OFF)
    await visitor.shoot("21-home")


async def test_a_killed_bot_is_started_again_and_says_every_word_once(demo: RunningDemo, visitor: Visitor) -> None:
    """kill -9 while a task works: the thread goes on to its card, and nothing is said or run twice."""
    await demo.answer_slowly(True)
    await visitor.say(ASK)
    card = visitor.card(TURN_OFF)
    await expect(visitor.thread.locator("[data-task-id][data-status=complete]").nth(1)).to_be_visible(timeout=20_000)
    os.kill(demo.bot_pid, signal.SIGKILL)
    await expect(visitor.page.locator("#banner")).to_have_attribute("data-banner", "bot")
    await visitor.shoot("30-killed")
    await demo.answer_slowly(False)
    await expect(visitor.page.locator("#banner")).to_have_attribute("data-banner", "", timeout=20_000)
    await expect(card).to_contain_text("Waiting for approval", timeout=60_000)
    await visitor.shoot("31-went-on")
    said = await visitor.thread.inner_text()
    assert {step: said.count(step) for step in STEPS} == dict.fromkeys(STEPS, 1)
    await expect(visitor.thread.locator("[data-action-id='proposal.approve']")).to_have_count(1)

    await visitor.be(DANA)
    await visitor.press("approve", card)
    await visitor.hears("well again", seconds=40)
    assert len(await demo.effects()) == 1


async def _evidence_has_the_numbers(demo: RunningDemo, visitor: Visitor, card: Locator) -> None:
    """The link of a step and the link on the card open the same stored page, with the rate the card shows."""
    link = card.locator("a", has_text="5xx rate of checkout")
    rate = re.search(r"[\d.]+ %", await link.inner_text())
    assert rate is not None
    step = visitor.thread.locator("details[data-task-id]", has_text="Checked error rates of checkout")
    await step.locator("summary").click()
    async with visitor.page.expect_popup() as opened:
        await step.locator("a.source").click()
    evidence = await opened.value
    await evidence.wait_for_load_state()
    assert evidence.url == await link.get_attribute("href")
    assert evidence.url.startswith(demo.console_url)
    await expect(evidence.locator("h1")).to_contain_text(rate[0])
    await expect(evidence.locator("body")).to_contain_text('"by_flag"')
    await Visitor(page=evidence, base=demo.console_url).shoot("01-evidence")
    await evidence.close()
    await step.locator("summary").click()


async def _approve_by_keyboard_as_sam(visitor: Visitor, card: Locator) -> None:
    """Alt+3 is the third person; from the box of the thread, Shift+Tab walks up to the card's button."""
    keys = visitor.page.keyboard
    await keys.press("Alt+3")
    await visitor.page.locator(f"[data-act-as={SAM}]").wait_for()
    await expect(visitor.page.locator("#panes")).not_to_have_attribute("inert", "")
    await visitor.page.locator("#thread-composer").focus()
    focused = card.locator("[data-action-id='proposal.approve']:focus-visible")
    for _ in range(40):
        await keys.press("Shift+Tab")
        if await focused.count():
            break
    await expect(focused).to_have_count(1)
    await visitor.shoot("13-keyboard-focus")
    await keys.press("Enter")
