"""Reading and writing: channels, threads, people, what is unread, what is only for one."""

import pytest
from playwright.async_api import expect

from tests.demo.page.canned import ANA, BOT, DANA, INCIDENTS, KIM, NOON, OPS, Canned, a_message
from tests.demo.page.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_enter_sends_and_shift_enter_breaks_the_line(canned: Canned, open_page: Open) -> None:
    page = await open_page()
    await expect(page.locator("#composer")).to_be_focused()
    await page.keyboard.type("hello")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("world & <you>")
    await page.keyboard.press("Enter")
    assert await canned.said("send") == {"as": ANA, "channel": INCIDENTS, "text": "hello\nworld & <you>"}
    await expect(page.locator("#composer")).to_have_value("")


async def test_an_empty_incident_channel_offers_the_first_sentence(canned: Canned, open_page: Open) -> None:
    page = await open_page()
    await page.locator("[data-prompt]").click()
    assert (await canned.said("send"))["text"] == "@autopilot checkout is failing, what is going on?"


async def test_a_pasted_link_opens_the_thread_and_back_leaves_it(canned: Canned, open_page: Open) -> None:
    root = a_message(1, "root", user=ANA)
    canned.put(INCIDENTS, root, a_message(2, "answer", thread_ts=root["ts"]))
    page = await open_page()
    await page.goto(f"{page.url.split('#', maxsplit=1)[0]}#/{INCIDENTS}/thread/{root['ts']}")
    await expect(page.locator("#thread").get_by_text("answer")).to_be_visible()
    await page.go_back()
    await expect(page.locator("#thread")).to_be_hidden()


async def test_acting_as_someone_else_changes_who_speaks_and_what_is_seen(canned: Canned, open_page: Open) -> None:
    canned.put(INCIDENTS, a_message(1, "for ana", ephemeral_for=ANA), a_message(2, "for kim", ephemeral_for=KIM))
    buttons = [
        {
            "type": "button",
            "action_id": f"for-{who}",
            "text": {"type": "plain_text", "text": who},
            "visible_to_user_ids": [who],
        }
        for who in (ANA, KIM)
    ]
    canned.put(INCIDENTS, a_message(3, "", user=BOT, blocks=[{"type": "actions", "elements": buttons}]))
    page = await open_page()
    await expect(page.get_by_text("Only visible to you")).to_have_count(1)
    await expect(page.get_by_text("for ana")).to_be_visible()
    await expect(page.locator("[data-action-id]")).to_have_text([ANA])
    await page.keyboard.press("Alt+3")
    await expect(page.get_by_text("for kim")).to_be_visible()
    await expect(page.get_by_text("for ana")).to_have_count(0)
    await expect(page.locator("[data-action-id]")).to_have_text([KIM])
    await expect(page.locator(f"#sidebar [data-channel=D{KIM[1:]}]")).to_be_visible()
    await page.locator("#composer").fill("it is kim")
    await page.keyboard.press("Enter")
    assert (await canned.said("send"))["as"] == KIM


async def test_arrow_up_edits_the_last_own_message(canned: Canned, open_page: Open) -> None:
    canned.put(INCIDENTS, a_message(1, f"ask <@{BOT}> &amp; wait", user=ANA), a_message(2, "later", user=DANA))
    page = await open_page()
    await page.locator("article").first.wait_for()
    await page.locator("#composer").press("ArrowUp")
    await expect(page.locator("#composer")).to_have_value("ask @autopilot & wait")
    await page.keyboard.type("!")
    await page.keyboard.press("Enter")
    edited = {"as": ANA, "channel": INCIDENTS, "ts": f"{NOON + 1}.000000", "text": "ask @autopilot & wait!"}
    assert await canned.said("edit") == edited


async def test_commands_and_names_are_completed(canned: Canned, open_page: Open) -> None:
    page = await open_page()
    await page.locator("#composer").press_sequentially("/auto")
    await expect(page.get_by_role("option")).to_contain_text("Ask Autopilot")
    await page.keyboard.press("Enter")
    await page.keyboard.type("help")
    await page.keyboard.press("Enter")
    assert await canned.said("command") == {"as": ANA, "channel": INCIDENTS, "command": "/autopilot", "text": "help"}
    await page.locator("#composer").press_sequentially("hey @da")
    await page.keyboard.press("Tab")
    await expect(page.locator("#composer")).to_have_value("hey @dana ")


async def test_a_message_elsewhere_marks_its_channel_until_it_is_read(canned: Canned, open_page: Open) -> None:
    page = await open_page()
    ops = page.locator(f"#sidebar [data-channel={OPS}]")
    await expect(ops).to_have_attribute("data-unread", "false")
    canned.say(OPS, a_message(5, f"<@{ANA}> look"))
    await expect(ops).to_have_attribute("data-unread", "true")
    await expect(ops.locator(".badge")).to_have_text("1")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("ops")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"article[data-ts='{NOON + 5}.000000']")).to_be_visible()
    await expect(ops).to_have_attribute("data-unread", "false")


async def test_what_was_said_while_the_stream_was_down_is_fetched(canned: Canned, open_page: Open) -> None:
    page = await open_page()
    canned.put(INCIDENTS, a_message(9, "you missed me"))
    canned.hang_up()
    await expect(page.get_by_text("you missed me")).to_be_visible()
    await expect(page.locator("#banner")).to_be_empty()


async def test_a_banner_says_when_the_bot_is_not_connected(canned: Canned, open_page: Open) -> None:
    page = await open_page()
    canned.push({"type": "presence", "connected": False})
    await expect(page.locator("#banner")).to_have_text(
        "autopilot is not connected; restart it and it goes on where it stopped"
    )
    await expect(page.locator("[data-presence]")).to_have_attribute("data-presence", "off")
    canned.push({"type": "presence", "connected": True})
    await expect(page.locator("#banner")).to_be_empty()


async def test_the_message_menu_runs_the_apps_shortcut(canned: Canned, open_page: Open) -> None:
    canned.put(INCIDENTS, a_message(1, "odd"))
    page = await open_page()
    await page.locator("article").hover()
    await page.locator("[data-tool=more]").click()
    await page.locator("[data-shortcut=ask_autopilot]").click()
    asked = {"as": ANA, "callback_id": "ask_autopilot", "channel": INCIDENTS, "message_ts": f"{NOON + 1}.000000"}
    assert await canned.said("shortcut") == asked


async def test_slack_formatting_is_drawn(canned: Canned, open_page: Open) -> None:
    marks = "*bold* _it_ ~no~ `x*y*` <https://a.example/|site>"
    names = "<!subteam^S1|@sre> <!date^0^{date_num}|then> 2*3*4\n```a &lt;b&gt;```"
    canned.put(INCIDENTS, a_message(1, f"{marks} {names}"))
    page = await open_page()
    body = page.locator("article .body")
    for tag, words in {"strong": "bold", "em": "it", "s": "no", "code": "x*y*", "a": "site", "pre": "a <b>"}.items():
        await expect(body.locator(tag).first).to_have_text(words)
    await expect(body).to_contain_text("@sre 1970-01-01 2*3*4")


async def test_under_800_pixels_the_thread_takes_the_screen_and_the_sidebar_is_a_drawer(
    canned: Canned, open_page: Open
) -> None:
    root = a_message(1, "root", reply_count=1, latest_reply=f"{NOON + 2}.0")
    canned.put(INCIDENTS, root, a_message(2, "answer", thread_ts=root["ts"]))
    page = await open_page()
    await page.set_viewport_size({"width": 390, "height": 800})
    await expect(page.locator("#sidebar")).not_to_be_visible()
    await page.locator("[data-drawer]").click()
    await expect(page.locator("#sidebar")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.locator(f"a[data-thread='{root['ts']}']").click()
    await expect(page.locator("#main")).to_be_hidden()
    box = await page.locator("#thread").bounding_box()
    assert box is not None
    assert box["width"] == 390
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_the_keys_are_listed_behind_a_question_mark(canned: Canned, open_page: Open) -> None:
    canned.put(INCIDENTS, a_message(1, "one"), a_message(60, "two", user=ANA))
    page = await open_page()
    await page.locator("article").last.focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("article").first).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("t")
    await expect(page.locator("#thread-composer")).to_be_focused()
