"""A second factor as people meet it: an app from a page, and an approval from the card over the console."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.demo.shop.faults import Story
from bot.factors import enrolling, totp
from bot.factors.keys import Keys, new_key
from storage import audit, factors
from tests.browser.visitor import DANA, NOOR, SAM, Visitor
from tests.scenarios.world import World, a_world

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
KEY = new_key()
TENANT = "T0ACME"


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with a_world(tmp_path, monkeypatch.setenv, fault=Story.STUCK_CONSUMER, step_up_key=KEY) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, world: World) -> AsyncIterator[Visitor]:
    """Ana, in #incidents. No page may ask for anything outside this machine, or break a script."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("request", lambda asked: errors.extend([asked.url] * ("//127.0.0.1" not in asked.url)))
    ana = Visitor(page=await context.new_page(), base=world.slack.base_url)
    await ana.arrive()
    yield ana
    await context.close()
    assert errors == []


async def test_two_leads_approve_with_their_authenticator_apps(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana = await _takes_an_app(world, visitor, DANA)
    sam = totp.new_secret()
    async with world.database() as db, db.write() as tx:
        await factors.enrol(tx, TENANT, SAM, Keys(KEY).shut(sam, TENANT, SAM), by="test")

    await visitor.say("@autopilot the analytics pipeline is lagging, why?")
    card = visitor.card()
    await expect(card).to_contain_text("2 of @sre-leads with a second factor")
    await visitor.be(NOOR)
    await visitor.press("approve", card)
    await visitor.agree()
    await expect(card).to_contain_text("1 of 3 so far")

    page = await _link(visitor, card, DANA, shoot=True)
    await expect(page.locator("h1")).to_contain_text("Restart")
    await expect(page.locator("main")).to_contain_text("Dana Okafor (U0DANA), you are about to approve")
    await Visitor(page=page, base="").shoot("70-step-up", in_all_lights=True)
    await _types(page, await _code(world, sam))
    await expect(page.get_by_role("alert")).to_contain_text("That code is not right")
    await Visitor(page=page, base="").shoot("71-step-up-wrong-code", in_all_lights=True)
    await expect(card).to_contain_text("1 of 3 so far")
    await _types(page, await _code(world, dana, later=1))  # the code of this moment was used up at the enrolment
    await expect(page.locator("h1")).to_contain_text("still needs 1 of @sre-leads with a second factor")
    await Visitor(page=page, base="").shoot("72-step-up-counted", in_all_lights=True)
    await expect(card).to_contain_text("2 of 3 so far")
    await page.goto(page.url)
    await expect(page.locator("h1")).to_contain_text("used, replaced or is too old")
    await page.close()

    with monkeypatch.context() as patch:
        patch.setattr("bot.orchestrator.stepping_up.LIFE", 0.0)
        late = await _link(visitor, card, SAM)
    await expect(late.locator("h1")).to_contain_text("used, replaced or is too old")
    await expect(late.locator("input")).to_have_count(0)
    await Visitor(page=late, base="").shoot("73-step-up-too-old", in_all_lights=True)
    await late.close()
    page = await _link(visitor, card, SAM)
    await _types(page, await _code(world, sam))
    await expect(page.locator("h1")).to_contain_text("Approved")
    await expect(visitor.card("Restart")).to_contain_text("Done", timeout=60_000)
    await visitor.page.bring_to_front()
    await visitor.shoot("74-step-up-ran", in_all_lights=True)
    async with world.database() as db, db.read() as tx:
        events = [entry.event for entry in await audit.entries(tx, TENANT)]
    assert events.count("ops.agent_task.step_up_failed") == 1
    assert len(world.shop.world.effects.applied) == 1


async def _takes_an_app(world: World, visitor: Visitor, who: str) -> str:
    """Open the enrolment link, read the key as an app would, and type its first code; the app's secret."""
    secret = totp.new_secret()
    async with world.database() as db, db.read() as tx:
        made_at = await tx.time()
    offer = enrolling.Offer(tenant=TENANT, person=who, secret=secret, by="test", made_at=made_at)
    page = await visitor.page.context.new_page()
    address = f"{world.config.console}/enrol/{enrolling.token(Keys(KEY), offer)}"
    await page.goto(f"{address}x")
    await expect(page.locator("h1")).to_contain_text("cut off or was never made")
    await page.goto(address)
    await expect(page.locator("svg.qr")).to_be_visible()
    await Visitor(page=page, base="").shoot("75-enrol", in_all_lights=True)
    await page.get_by_text("No camera?").click()
    shown = (await page.locator("details code").inner_text()).replace(" ", "")
    assert shown == secret
    await _types(page, "000 000")
    await expect(page.get_by_role("alert")).to_contain_text("That code is not right")
    await _types(page, await _code(world, shown))
    await expect(page.locator("h1")).to_contain_text("Your app is enrolled")
    await Visitor(page=page, base="").shoot("76-enrolled", in_all_lights=True)
    await page.goto(address)
    await expect(page.locator("h1")).to_contain_text("was used or is too old")
    await page.close()
    return secret


async def _link(visitor: Visitor, card: Locator, who: str, *, shoot: bool = False) -> Page:
    """Press Approve as this person, and follow the link that only they see."""
    await visitor.page.bring_to_front()
    await visitor.be(who)
    buttons = visitor.thread.locator("[data-ephemeral]").get_by_text("Prove it and approve")
    before = await buttons.count()
    await visitor.press("approve", card)
    await visitor.agree()
    await expect(buttons).to_have_count(before + 1)
    await visitor.is_told("nothing is counted before")
    if shoot:
        await visitor.shoot("69-step-up-link", in_all_lights=True)
    async with visitor.page.expect_popup() as opened:
        await buttons.last.click()
    page = await opened.value
    await page.wait_for_load_state()
    return page


async def _code(world: World, secret: str, later: int = 0) -> str:
    async with world.database() as db, db.read() as tx:
        return totp.code(secret, await tx.time() + later * totp.STEP)


async def _types(page: Page, code: str) -> None:
    await page.get_by_role("textbox").fill(code)
    await page.keyboard.press("Enter")
