"""Clicks, modals, commands and response urls, through a real bolt app."""

from typing import Any

import httpx
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.server import LocalSlack
from bot.demo.slack.wire import Refused
from tests.demo.slack.conftest import ConnectApp

Json = dict[str, Any]
PLAIN = {"type": "plain_text", "text": "x"}
BUTTONS: list[Json] = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [{"type": "button", "action_id": "go", "value": "p1", "text": PLAIN}],
    }
]


def a_modal(**more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "value", "initial_value": "3"}
    block = {"type": "input", "block_id": "count", "label": PLAIN, "element": element}
    return {"type": "modal", "callback_id": "edit", "title": PLAIN, "submit": PLAIN, "blocks": [block], **more}


async def test_a_click_carries_who_where_and_what(slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp) -> None:
    bodies: list[Json] = []

    @bolt.action("go")
    async def go(ack: Any, body: Json) -> None:
        bodies.append(body)
        await ack()

    await connect(bolt)
    posted = await bolt.client.chat_postMessage(channel="C0OPS", text="?", blocks=BUTTONS)
    assert await slack.ui.click("U0DANA", "ops", posted["ts"], "go") == {"ok": True}
    (body,) = bodies
    assert (body["user"]["id"], body["channel"]["id"], body["container"]["message_ts"]) == (
        "U0DANA",
        "C0OPS",
        posted["ts"],
    )
    assert (body["actions"][0]["value"], body["actions"][0]["block_id"]) == ("p1", "b")


async def test_a_button_that_is_not_there_cannot_be_pressed(slack: LocalSlack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="C0OPS", text="?", blocks=BUTTONS)
    with pytest.raises(Refused, match="action_not_found"):
        await slack.ui.click("U0DANA", "ops", posted["ts"], "other")


async def test_an_app_that_is_away_does_not_get_the_click_later(slack: LocalSlack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="C0OPS", text="?", blocks=BUTTONS)
    assert await slack.ui.click("U0DANA", "ops", posted["ts"], "go") == {"ok": False, "error": "app_did_not_respond"}
    assert len(slack.log.find(kind="interactive")) == 1


async def test_a_trigger_opens_one_modal_within_three_seconds(slack: LocalSlack, client: AsyncWebClient) -> None:
    trigger = slack.office.triggers.new("U0ANA")
    await client.views_open(trigger_id=trigger, view=a_modal())
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await client.views_open(trigger_id=trigger, view=a_modal())
    late = slack.office.triggers.new("U0ANA")
    slack.clock.advance(3.5)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await client.views_open(trigger_id=late, view=a_modal())


async def test_a_modal_is_checked_corrected_and_closed(slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp) -> None:
    @bolt.view("edit")
    async def edited(ack: Any, view: Json) -> None:
        typed = view["state"]["values"]["count"]["value"]["value"]
        if typed == "many":
            await ack(response_action="errors", errors={"count": "A number, please."})
        else:
            await ack()

    await connect(bolt)
    await bolt.client.views_open(trigger_id=slack.office.triggers.new("U0ANA"), view=a_modal())
    assert await slack.ui.submit_view("U0ANA", values={"count": "many"}) == {
        "ok": False,
        "errors": {"count": "A number, please."},
    }
    assert slack.ui.open_view("U0ANA") is not None
    assert await slack.ui.submit_view("U0ANA", values={"count": "4"}) == {"ok": True}
    assert slack.ui.open_view("U0ANA") is None


async def test_a_submission_can_lead_to_the_next_view_and_back(
    slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp
) -> None:
    @bolt.view("edit")
    async def edited(ack: Any) -> None:
        await ack(response_action="push", view=a_modal(callback_id="more"))

    await connect(bolt)
    first = await bolt.client.views_open(trigger_id=slack.office.triggers.new("U0ANA"), view=a_modal())
    pushed = (await slack.ui.submit_view("U0ANA"))["view"]
    assert pushed["previous_view_id"] == first["view"]["id"]
    await slack.ui.close_view("U0ANA")
    below = slack.ui.open_view("U0ANA")
    assert below is not None
    assert below["id"] == first["view"]["id"]


async def test_a_stale_hash_does_not_overwrite_a_view(slack: LocalSlack, client: AsyncWebClient) -> None:
    opened = await client.views_open(trigger_id=slack.office.triggers.new("U0ANA"), view=a_modal(external_id="e1"))
    first = opened["view"]["hash"]
    await client.views_update(external_id="e1", hash=first, view=a_modal(external_id="e1"))
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(external_id="e1", hash=first, view=a_modal(external_id="e1"))
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        await client.views_open(trigger_id=slack.office.triggers.new("U0SAM"), view=a_modal(external_id="e1"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": {"type": "plain_text", "text": "x" * 25}},
        {"private_metadata": "x" * 3001},
        {"submit": None},
    ],
)
async def test_a_wrong_modal_is_refused_and_its_trigger_is_not_spent(
    slack: LocalSlack, client: AsyncWebClient, wrong: Json
) -> None:
    trigger = slack.office.triggers.new("U0ANA")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.views_open(trigger_id=trigger, view=a_modal(**wrong))
    await client.views_open(trigger_id=trigger, view=a_modal())


async def test_a_command_is_answered_only_to_the_person(slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp) -> None:
    @bolt.command("/autopilot")
    async def command(ack: Any, command: Json) -> None:
        await ack(f"you said {command['text']}")

    await connect(bolt)
    assert await slack.ui.command("U0KIM", "support", "/autopilot", "help") == {"ok": True}
    assert [m["text"] for m in slack.ui.messages("support", as_="U0KIM")] == ["you said help"]
    assert slack.ui.messages("support", as_="U0ANA") == []


async def test_a_shortcut_brings_the_message_along(slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp) -> None:
    texts: list[str] = []

    @bolt.shortcut("investigate")
    async def investigate(ack: Any, shortcut: Json) -> None:
        texts.append(shortcut["message"]["text"])
        await ack()

    await connect(bolt)
    message = await slack.ui.send("U0KIM", "support", "checkout fails")
    assert await slack.ui.shortcut("U0KIM", "investigate", "support", message["ts"]) == {"ok": True}
    assert texts == ["checkout fails"]


async def a_response_url(slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp) -> tuple[str, str]:
    urls: list[str] = []

    @bolt.action("go")
    async def go(ack: Any, body: Json) -> None:
        urls.append(body["response_url"])
        await ack()

    await connect(bolt)
    posted = await bolt.client.chat_postMessage(channel="C0OPS", text="?", blocks=BUTTONS)
    await slack.ui.click("U0DANA", "ops", posted["ts"], "go")
    return urls[0], posted["ts"]


async def test_a_response_url_works_five_times(slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp) -> None:
    url, _ = await a_response_url(slack, bolt, connect)
    async with httpx.AsyncClient(trust_env=False) as http:
        await http.post(url, json={"replace_original": True, "text": "done", "blocks": []})
        answers = [await http.post(url, json={"text": "psst"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404]
    assert answers[-1].json()["error"] == "used_url"
    assert [m["text"] for m in slack.ui.messages("ops")] == ["done"]
    assert len(slack.ui.messages("ops", as_="U0DANA")) == 5


async def test_a_response_url_dies_after_half_an_hour(slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp) -> None:
    url, ts = await a_response_url(slack, bolt, connect)
    async with httpx.AsyncClient(trust_env=False) as http:
        slack.clock.advance(29 * 60)
        assert (await http.post(url, json={"delete_original": True})).status_code == 200
        slack.clock.advance(2 * 60)
        assert (await http.post(url, json={"text": "x"})).json()["error"] == "expired_url"
    assert slack.office.messages.find("C0OPS", ts) is None
