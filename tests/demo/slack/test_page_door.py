"""What a browser sees: the state, the messages, and the event stream."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.server import LocalSlack

Json = dict[str, Any]


@pytest.fixture
async def page(slack: LocalSlack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, base_url=f"{slack.base_url}/ui/") as page:
        yield page


async def events(lines: AsyncIterator[str]) -> AsyncIterator[Json]:
    async for line in lines:
        if line.startswith("data: ") and line != "data: {}":  # which is the hello's
            yield json.loads(line.removeprefix("data: "))


async def test_a_person_sees_only_their_own_dm(page: httpx.AsyncClient) -> None:
    state = (await page.get("state", params={"as": "U0KIM"})).json()
    assert [c["id"] for c in state["channels"] if c["is_im"]] == ["D0KIM"]
    assert [c["name"] for c in state["channels"] if not c["is_im"]] == [
        "incidents",
        "ops",
        "safety",
        "support",
        "growth",
        "data",
    ]
    assert next(u["groups"] for u in state["users"] if u["id"] == "U0KIM") == ["support"]
    assert state["bot"] == {"user_id": "U0PILOT", "name": "autopilot", "connected": False}


async def test_an_open_page_hears_of_messages_streams_and_deletions(
    slack: LocalSlack, page: httpx.AsyncClient, client: AsyncWebClient
) -> None:
    async with page.stream("GET", "stream", params={"as": "U0ANA"}) as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: hello"
        heard = events(lines)
        sent = (await page.post("send", json={"as": "U0ANA", "channel": "C0OPS", "text": "hi <you> @dana"})).json()
        first = await anext(heard)
        started = await client.chat_startStream(
            channel="C0OPS", thread_ts=sent["ts"], recipient_user_id="U0ANA", recipient_team_id="T0ACME"
        )
        streamed, root = await anext(heard), await anext(heard)
        await page.post("delete", json={"as": "U0ANA", "channel": "C0OPS", "ts": sent["ts"]})
        gone = await anext(heard)
    assert first["message"]["text"] == "hi &lt;you&gt; <@U0DANA>"
    assert (streamed["message"]["ts"], streamed["message"]["streaming"]) == (started["ts"], True)
    assert (root["message"]["ts"], root["message"]["reply_count"]) == (sent["ts"], 1)
    assert gone == {"type": "message_deleted", "channel": "C0OPS", "ts": sent["ts"]}


async def test_what_is_meant_for_one_person_reaches_only_them(
    slack: LocalSlack, page: httpx.AsyncClient, client: AsyncWebClient
) -> None:
    async with (
        page.stream("GET", "stream", params={"as": "U0ANA"}) as anas,
        page.stream("GET", "stream", params={"as": "U0SAM"}) as sams,
    ):
        ana_lines, sam_lines = anas.aiter_lines(), sams.aiter_lines()
        assert [await anext(ana_lines), await anext(sam_lines)] == ["event: hello"] * 2
        await client.chat_postEphemeral(channel="C0OPS", user="U0ANA", text="psst")
        await client.chat_postMessage(channel="U0ANA", text="in our DM")
        await client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": []})
        await client.chat_postMessage(channel="C0OPS", text="for all")
        seen_by_ana = [event async for event in _until(events(ana_lines), "for all")]
        seen_by_sam = [event async for event in _until(events(sam_lines), "for all")]
    assert [event["type"] for event in seen_by_ana] == ["message", "message", "home", "message"]
    assert [event["type"] for event in seen_by_sam] == ["message"]


async def _until(heard: AsyncIterator[Json], text: str) -> AsyncIterator[Json]:
    async for event in heard:
        yield event
        if event.get("message", {}).get("text") == text:
            return


async def test_a_refusal_comes_back_as_slacks_word(page: httpx.AsyncClient) -> None:
    answers = [
        await page.post("send", json={"as": "U0ANA", "channel": "C0NONE", "text": "x"}),
        await page.post("stop", json={"as": "U0ANA", "channel": "C0OPS", "thread_ts": "1.0"}),
        await page.post("command", json={"as": "U0ANA", "channel": "C0OPS", "command": "/fly"}),
    ]
    assert [a.json()["error"] for a in answers] == ["channel_not_found", "nothing_to_stop", "unknown_command"]
    assert (await page.post("send", json={"as": "U0ANA"})).status_code == 400
