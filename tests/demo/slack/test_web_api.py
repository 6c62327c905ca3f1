"""The Web API turns calls down for the reasons Slack has, in Slack's words."""

import socket
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.app_config import AppConfig
from bot.demo.slack.clock import Clock
from bot.demo.slack.loopback import _listen
from bot.demo.slack.server import LocalSlack


async def refusal(client: AsyncWebClient, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await client.api_call(method, json=args)
    return str(refused.value.response["error"])


async def test_auth_test_says_who_the_bot_is_and_which_scopes_it_has(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0PILOT", "B0PILOT", "T0ACME")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("", "auth.test", "not_authed"),
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        ("xoxb-local-0001", "apps.connections.open", "not_allowed_token_type"),
        ("xapp-1-A0PILOT-local-0001", "auth.test", "not_allowed_token_type"),
        ("", "chat.fly", "unknown_method"),
    ],
)
async def test_a_call_with_the_wrong_token_is_refused(slack: LocalSlack, token: str, method: str, error: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{slack.api_url}{method}", data={"token": token})
    assert (answer.status_code, answer.json()["ok"], answer.json()["error"]) == (200, False, error)


async def test_a_missing_scope_is_named() -> None:
    async with LocalSlack(app_config=AppConfig(scopes=frozenset({"users:read"}))).serve() as slack:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel="C0OPS", text="hi")
    answer = refused.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "chat:write", "users:read")


async def test_arguments_may_come_as_query_form_or_json(slack: LocalSlack) -> None:
    url, auth = f"{slack.api_url}users.info", {"authorization": f"Bearer {slack.bot_token}"}
    async with httpx.AsyncClient(trust_env=False, headers=auth) as http:
        answers = [
            await http.get(url, params={"user": "U0ANA"}),
            await http.post(url, data={"user": "U0ANA"}),
            await http.post(url, json={"user": "U0ANA"}),
        ]
        broken = await http.post(url, content=b"{", headers={"content-type": "application/json"})
    assert [answer.json()["user"]["real_name"] for answer in answers] == ["Ana Ruiz"] * 3
    assert broken.json() == {"ok": False, "error": "invalid_json"}


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("chat.postMessage", {"channel": "C0OPS"}, "no_text"),
        ("chat.postMessage", {"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        (
            "chat.postMessage",
            {"channel": "C0OPS", "text": "x", "metadata": {"event_type": "x"}},
            "invalid_metadata_schema",
        ),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x", "blocks": [{"type": "poem"}]}, "invalid_blocks"),
        ("chat.update", {"channel": "C0OPS", "ts": "1.000000", "text": "x"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": "C0OPS", "user": "U0NOBODY", "text": "x"}, "user_not_in_channel"),
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S0NONE"}, "no_such_subteam"),
        ("views.open", {"trigger_id": "x", "view": {"type": "modal", "blocks": []}}, "invalid_arguments"),
        (
            "agents.sessions.setStatus",
            {"channel_id": "C0OPS", "thread_ts": "1.0", "status": "busy"},
            "invalid_arguments",
        ),
    ],
)
async def test_wrong_arguments_are_refused(
    client: AsyncWebClient, method: str, args: dict[str, Any], error: str
) -> None:
    assert await refusal(client, method, **args) == error


async def test_the_bot_posts_only_where_it_belongs(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.workspace.channels["C0OPS"].members.discard("U0PILOT")
    slack.workspace.channels["C0DATA"].is_archived = True
    assert await refusal(client, "chat.postMessage", channel="C0OPS", text="x") == "not_in_channel"
    assert await refusal(client, "chat.postMessage", channel="C0DATA", text="x") == "is_archived"
    await client.conversations_join(channel="C0OPS")
    await client.chat_postMessage(channel="C0OPS", text="x")


async def test_only_own_messages_can_be_updated_and_a_long_text_cannot(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    anas = await slack.ui.send("U0ANA", "ops", "hello")
    assert await refusal(client, "chat.update", channel="C0OPS", ts=anas["ts"], text="x") == "cant_update_message"
    mine = await client.chat_postMessage(channel="C0OPS", text="x")
    assert await refusal(client, "chat.update", channel="C0OPS", ts=mine["ts"], text="x" * 4001) == "msg_too_long"
    await client.chat_update(channel="C0OPS", ts=mine["ts"], text="y")
    assert [m["text"] for m in slack.ui.messages("ops")] == ["hello", "y"]


async def test_metadata_comes_back_only_when_asked_for(client: AsyncWebClient) -> None:
    metadata = {"event_type": "posted", "event_payload": {"id": "p1"}}
    root = await client.chat_postMessage(channel="C0OPS", text="root")
    await client.chat_postMessage(channel="C0OPS", text="x", thread_ts=root["ts"], metadata=metadata)
    with_it = await client.conversations_replies(channel="C0OPS", ts=root["ts"], include_all_metadata=True)
    without = await client.conversations_replies(channel="C0OPS", ts=root["ts"])
    assert with_it["messages"][1]["metadata"] == metadata
    assert "metadata" not in without["messages"][1]
    assert (await client.conversations_history(channel="C0OPS"))["messages"][0]["reply_count"] == 1


async def test_too_many_calls_are_told_when_to_come_back(slack: LocalSlack, client: AsyncWebClient) -> None:
    root = await slack.ui.send("U0ANA", "ops", "hi")
    where: dict[str, Any] = {"channel": "C0OPS", "recipient_user_id": "U0ANA", "recipient_team_id": "T0ACME"}
    for _ in range(20):
        await client.chat_startStream(thread_ts=root["ts"], **where)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_startStream(thread_ts=root["ts"], **where)
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "60"
    assert refused.value.response["error"] == "ratelimited"
    slack.clock.advance(60)
    await client.chat_startStream(thread_ts=root["ts"], **where)


async def test_an_old_slack_knows_no_streams(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.office.old_slack = True
    assert await refusal(client, "chat.startStream", channel="C0OPS") == "unknown_method"
    assert await refusal(client, "agents.sessions.setStatus", channel_id="C0OPS") == "unknown_method"
    await client.chat_postMessage(channel="C0OPS", text="still works")


async def test_an_uploaded_file_can_be_fetched_again(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.files_upload_v2(content="a,b\n1,2\n", filename="report.csv", title="Report", channel="C0DATA")
    (message,) = slack.ui.messages("data")
    async with httpx.AsyncClient(trust_env=False) as http:
        url, token = message["files"][0]["url_private"], {"authorization": f"Bearer {slack.bot_token}"}
        answer = await http.get(url, headers=token)
        assert (await http.get(url)).status_code == 302  # to where people log in
    assert (answer.text, message["files"][0]["title"]) == ("a,b\n1,2\n", "Report")


async def test_message_timestamps_are_unique_while_the_clock_stands_still() -> None:
    slack = LocalSlack(clock=Clock(frozen_at=5.0))
    stamps = [slack.office.messages.next_ts() for _ in range(100)]
    assert stamps == sorted(set(stamps))


async def test_a_permalink_leads_to_the_thread_on_the_page(slack: LocalSlack, client: AsyncWebClient) -> None:
    root = await slack.ui.send("U0ANA", "ops", "root")
    reply = await slack.ui.send("U0ANA", "ops", "reply", thread_ts=root["ts"])
    answer = await client.chat_getPermalink(channel="C0OPS", message_ts=reply["ts"])
    assert answer["permalink"] == f"{slack.base_url}/#/C0OPS/thread/{root['ts']}"


def test_small_answers_are_sent_at_once() -> None:
    """asyncio sets TCP_NODELAY only on sockets that name their protocol; without it every answer waits 40 ms."""
    with _listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
