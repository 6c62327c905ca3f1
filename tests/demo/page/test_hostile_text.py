"""Whatever stands in a message, it is text: nothing of it becomes markup, script or a request."""

import pytest

from tests.demo.page.canned import ANA, BOT, INCIDENTS, OPS, Canned, a_message
from tests.demo.page.conftest import Open
from tests.demo.page.every_block import every_block

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SPELLS = (
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
    "javascript:window.pwned=1",
    '"><svg onload=window.pwned=1>',
    "<javascript:window.pwned=1|click>",
    "[x](javascript:window.pwned=1)",
)


@pytest.mark.parametrize("spell", SPELLS)
async def test_hostile_text_in_every_slot_of_every_block_stays_text(
    canned: Canned, open_page: Open, spell: str
) -> None:
    canned.put(
        INCIDENTS,
        a_message(1, spell, user=ANA),
        a_message(2, spell, user=BOT, bot_id="B0", blocks=every_block(spell)),
        a_message(
            3,
            "",
            user=BOT,
            username=spell,
            files=[{"title": spell, "url_private": spell}],
            streaming=True,
            stream={
                "text": spell,
                "plan_title": spell,
                "display_mode": "timeline",
                "tasks": [{"id": "t", "title": spell, "status": "error", "details": spell, "output": spell}],
                "parts": [
                    {"type": "task", "id": "t"},
                    {"type": "text", "text": spell},
                    {"type": "blocks", "blocks": every_block(spell)},
                ],
            },
        ),
    )
    canned.prompts[INCIDENTS] = [{"title": spell, "message": spell}]
    canned.links = [{"label": spell, "url": spell}]
    page = await open_page()
    await page.locator("[data-stream]").wait_for()
    view = {"id": "V1", "type": "modal", "title": {"type": "plain_text", "text": spell}, "blocks": every_block(spell)}
    canned.push({"type": "view", "user": ANA, "view": view})
    dialog = page.get_by_role("dialog")
    await dialog.wait_for()
    assert await page.evaluate("window.pwned") is None
    assert await page.locator("body script, svg[onload], img[onerror]").count() == 0
    assert await page.locator("[href^='javascript:' i]").count() == 0
    for place in (page.locator("article").nth(1), dialog):
        assert "window.pwned=1" in await place.inner_text()


async def test_the_page_cannot_call_anyone_but_its_own_server(canned: Canned, open_page: Open) -> None:
    picture = {"type": "image", "image_url": "https://example.com/leak.png?secret", "alt_text": "chart"}
    canned.put(OPS, a_message(1, "", user=BOT, bot_id="B0", blocks=[picture]))
    page = await open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.locator("#sidebar").get_by_text("ops").click()
    await page.get_by_role("link", name="chart").wait_for()
    assert [url for url in asked if "example.com" in url] == []
    policy = await page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_names_of_javascripts_own_objects_are_just_unknown_names(canned: Canned, open_page: Open) -> None:
    icon = {"type": "icon_button", "icon": "constructor", "action_id": "i", "text": {"type": "plain_text", "text": "x"}}
    broken = {"type": "table", "rows": 7}
    blocks = [{"type": "constructor"}, {"type": "context_actions", "elements": [icon, {"type": "toString"}]}, broken]
    canned.put(INCIDENTS, a_message(1, ":constructor:"), a_message(2, "", user=BOT, bot_id="B0", blocks=blocks))
    page = await open_page()
    articles = page.locator("article")
    await articles.nth(1).wait_for()
    assert ":constructor:" in await articles.first.inner_text()
    shown = await articles.nth(1).inner_text()
    assert "cannot show a block of type “constructor”" in shown
    assert "“toString”" in shown
    assert "“table” could not be drawn" in shown
