"""The page against the real local Slack and a real bolt app: both ends mean the same by docs/local-slack.md."""

import pytest
from playwright.async_api import BrowserContext, expect

from bot.demo.slack.echo import echo_app
from bot.demo.slack.server import LocalSlack

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_first_visitor_asks_watches_edits_and_someone_else_approves(context: BrowserContext) -> None:
    slack = LocalSlack()
    async with slack.serve(0), echo_app(slack):
        page = await context.new_page()
        page.set_default_timeout(15_000)
        await page.goto(slack.base_url)
        await page.locator("[data-prompt]").click()
        thread = page.locator("#thread")
        await expect(thread.locator("[data-task-id]").first).to_be_visible(timeout=15_000)
        await expect(thread.locator("[data-action-id=approve]")).to_be_visible(timeout=15_000)
        await thread.locator("[data-action-id=edit]").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("Alt+2")
        await expect(page.locator("[data-act-as=U0DANA]")).to_be_visible()
        await thread.locator("[data-action-id=approve]").click()
        await page.locator("[data-confirm=yes]").click()
        await expect(thread).to_contain_text("Approved by @dana")
        await page.locator("#sidebar").get_by_text("autopilot").click()
        await expect(page.locator("[data-prompt]").first).to_be_visible()
        await page.locator("[data-tab=home]").click()
        await expect(page.locator("[data-home]")).to_contain_text("@dana")
        await page.close()
