"""Pressing and filling in: buttons, confirm dialogs, menus, modals, Home."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.demo.page.canned import ANA, BOT, INCIDENTS, NOON, Canned, a_message
from tests.demo.page.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Json = dict[str, Any]


def plain(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def option(word: str) -> Json:
    return {"text": plain(word.title()), "value": word}


def an_input(block_id: str, **element: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": {"action_id": "v", **element}}


def a_modal(view_id: str = "V1", **more: Any) -> Json:
    blocks = [
        an_input("version", type="plain_text_input", initial_value="v40"),
        an_input("service", type="static_select", options=[option("checkout"), option("payments")]),
        an_input("days", type="number_input", is_decimal_allowed=False),
        an_input("how", type="radio_buttons", options=[option("slow"), option("fast")]),
        an_input("tell", type="multi_static_select", options=[option("ops"), option("support")]),
        an_input("who", type="users_select"),
        an_input("date", type="datepicker", initial_date="2026-01-02"),
    ]
    words = {"title": plain("Edit"), "submit": plain("Save"), "close": plain("Cancel")}
    return {"id": view_id, "type": "modal", "blocks": blocks, **words, **more}


async def with_blocks(canned: Canned, open_page: Open, *blocks: Json) -> Page:
    canned.put(INCIDENTS, a_message(1, "card", user=BOT, bot_id="B0", blocks=list(blocks)))
    return await open_page()


async def test_a_button_sends_its_action_after_it_was_confirmed(canned: Canned, open_page: Open) -> None:
    confirm = {"title": plain("Sure?"), "text": plain("It runs once."), "confirm": plain("Run"), "deny": plain("No")}
    button = {"type": "button", "action_id": "approve", "text": plain("Approve"), "value": "p1", "confirm": confirm}
    page = await with_blocks(canned, open_page, {"type": "actions", "block_id": "vote", "elements": [button]})
    await page.locator("[data-action-id=approve]").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("It runs once.")
    await expect(dialog.locator("[data-confirm=no]")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await page.locator("[data-action-id=approve]").click()
    await dialog.locator("[data-confirm=yes]").click()
    said = await canned.said("action")
    assert said["action"]["value"] == "p1"
    assert (said["block_id"], said["channel"], said["message_ts"]) == ("vote", INCIDENTS, f"{NOON + 1}.000000")
    assert [path for path, _ in canned.posted] == ["action"]


async def test_a_refused_click_says_why(canned: Canned, open_page: Open) -> None:
    canned.answers["action"] = {"ok": False, "error": "app_did_not_respond"}
    button = {"type": "button", "action_id": "go", "text": plain("Go")}
    page = await with_blocks(canned, open_page, {"type": "actions", "elements": [button]})
    await page.locator("[data-action-id=go]").click()
    await expect(page.locator("[data-toast=error]")).to_contain_text("did not answer within 3 seconds")


async def test_menus_selects_and_feedback_send_what_was_chosen(canned: Canned, open_page: Open) -> None:
    choices = [option("evidence"), option("risk")]
    page = await with_blocks(
        canned,
        open_page,
        {
            "type": "actions",
            "elements": [
                {"type": "overflow", "action_id": "more", "options": choices},
                {"type": "static_select", "action_id": "pick", "options": choices},
            ],
        },
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "fb",
                    "positive_button": {"text": plain("Good"), "value": "up"},
                    "negative_button": {"text": plain("Bad"), "value": "down"},
                }
            ],
        },
    )
    await page.locator("[data-action-id=more]").click()
    await page.get_by_role("menuitem", name="Risk").click()
    assert (await canned.said("action"))["action"]["selected_option"] == choices[1]
    await page.locator("[data-action-id=pick]").select_option("evidence")
    assert (await canned.said("action", count=2))["action"]["selected_option"] == choices[0]
    await page.locator("[data-feedback=negative]").click()
    assert (await canned.said("action", count=3))["action"]["value"] == "down"


async def test_a_modal_submits_slacks_view_state(canned: Canned, open_page: Open) -> None:
    page = await open_page()
    canned.push({"type": "view", "user": ANA, "view": a_modal()})
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("[data-block-id=version] input")).to_be_focused()
    await dialog.locator("[data-block-id=version] input").fill("v41")
    await dialog.locator("[data-block-id=service] select").select_option("payments")
    await dialog.locator("[data-block-id=days] input").fill("3")
    await dialog.get_by_label("Fast").check()
    await dialog.locator("[data-block-id=tell] summary").click()
    await dialog.get_by_label("Support", exact=True).check()
    await dialog.locator("[data-block-id=who] select").select_option("U0KIM")
    await dialog.locator("[data-modal=submit]").click()
    said = await canned.said("view_submit")
    assert said["view_id"] == "V1"
    assert said["state"]["values"] == {
        "version": {"v": {"type": "plain_text_input", "value": "v41"}},
        "service": {"v": {"type": "static_select", "selected_option": option("payments")}},
        "days": {"v": {"type": "number_input", "value": "3"}},
        "how": {"v": {"type": "radio_buttons", "selected_option": option("fast")}},
        "tell": {"v": {"type": "multi_static_select", "selected_options": [option("support")]}},
        "who": {"v": {"type": "users_select", "selected_user": "U0KIM"}},
        "date": {"v": {"type": "datepicker", "selected_date": "2026-01-02"}},
    }
    await expect(dialog).to_have_count(0)


async def test_refused_fields_say_why_and_keep_what_was_typed(canned: Canned, open_page: Open) -> None:
    canned.answers["view_submit"] = {"ok": False, "errors": {"version": "v44 was never live"}}
    page = await open_page()
    canned.push({"type": "view", "user": ANA, "view": a_modal()})
    field = page.locator("[data-block-id=version] input")
    await field.fill("v44")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-block-id=version] [data-field-error]")).to_have_text("v44 was never live")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("v44")
    await expect(page.locator("[data-modal=submit]")).to_be_enabled()


async def test_modals_are_pushed_updated_and_closed_with_escape(canned: Canned, open_page: Open) -> None:
    page = await open_page()
    dialog = page.get_by_role("dialog")
    canned.push({"type": "view", "user": "U0KIM", "view": a_modal("V0", title=plain("Not mine"))})
    canned.push({"type": "view", "user": ANA, "view": a_modal()})
    await dialog.locator("[data-block-id=version] input").fill("typed")
    canned.push({"type": "view", "user": ANA, "view": a_modal(title=plain("Updated"))})
    await expect(dialog.get_by_role("heading")).to_have_text("Updated")
    await expect(dialog.locator("[data-block-id=version] input")).to_have_value("typed")
    pushed = a_modal("V2", title=plain("On top"), previous_view_id="V1")
    canned.push({"type": "view", "user": ANA, "view": pushed})
    await expect(dialog.get_by_role("heading")).to_have_text("On top")
    await page.keyboard.press("Escape")
    assert (await canned.said("view_close"))["view_id"] == "V2"
    await expect(dialog.get_by_role("heading")).to_have_text("Updated")
    canned.push({"type": "view_closed", "user": ANA, "view_id": "V1"})
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#composer")).to_be_focused()


async def test_home_shows_the_apps_view_and_its_buttons_name_it(canned: Canned, open_page: Open) -> None:
    button = {"type": "button", "action_id": "open", "text": plain("Open"), "value": "1"}
    view = {"id": "V0H", "type": "home", "blocks": [{"type": "actions", "block_id": "h", "elements": [button]}]}
    canned.answers["home"] = {"ok": True, "view": view}
    page = await open_page(f"#/D{ANA[1:]}")
    assert (await canned.said("home"))["tab"] == "messages"
    await page.locator("[data-tab=home]").click()
    assert (await canned.said("home", count=2))["tab"] == "home"
    assert page.url.endswith(f"#/D{ANA[1:]}/home")
    await page.locator("[data-home] [data-action-id=open]").click()
    assert (await canned.said("action"))["view_id"] == "V0H"
    canned.push(
        {"type": "home", "user": ANA, "view": {**view, "blocks": [{"type": "header", "text": plain("All done")}]}}
    )
    await expect(page.locator("[data-home]")).to_have_text("All done")
