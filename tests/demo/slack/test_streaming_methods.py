"""Streams over the real SDK: what the page sees, what chat.update answers, and Slack's Stop."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.server import LocalSlack

FOR_ANA: dict[str, Any] = {"recipient_user_id": "U0ANA", "recipient_team_id": "T0ACME"}


async def a_stream(slack: LocalSlack, client: AsyncWebClient, **more: Any) -> tuple[str, str]:
    root = await slack.ui.send("U0ANA", "ops", "please look")
    started = await client.chat_startStream(channel="C0OPS", thread_ts=root["ts"], **FOR_ANA, **more)
    return root["ts"], started["ts"]


async def test_a_stream_grows_before_everyones_eyes(slack: LocalSlack, client: AsyncWebClient) -> None:
    root, ts = await a_stream(slack, client, chunks=[{"type": "markdown_text", "text": "a"}])
    task = {"type": "task_update", "id": "t", "title": "Look", "status": "in_progress"}
    await client.chat_appendStream(channel="C0OPS", ts=ts, chunks=[task])
    live = slack.ui.messages("ops", thread_ts=root)[1]
    assert (live["streaming"], live["stream"]["parts"]) == (
        True,
        [{"type": "text", "text": "a"}, {"type": "task", "id": "t"}],
    )
    await client.chat_stopStream(channel="C0OPS", ts=ts, session_status="suspended")
    assert slack.ui.messages("ops", thread_ts=root)[1]["streaming"] is False
    assert slack.office.page_status("C0OPS", root) == {"status": "suspended", "title": ""}


async def test_a_live_stream_refuses_updates_and_a_finished_one_takes_them(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    _, ts = await a_stream(slack, client)
    with pytest.raises(SlackApiError, match="streaming_state_conflict"):
        await client.chat_update(channel="C0OPS", ts=ts, text="x")
    await client.chat_stopStream(channel="C0OPS", ts=ts)
    await client.chat_update(channel="C0OPS", ts=ts, text="x")


async def test_a_stream_expires_when_the_clock_moves(slack: LocalSlack, client: AsyncWebClient) -> None:
    _, ts = await a_stream(slack, client)
    slack.clock.advance(300)
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await client.chat_appendStream(channel="C0OPS", ts=ts, markdown_text="x")


async def test_stop_ends_the_stream_and_tells_the_app_which(slack: LocalSlack, client: AsyncWebClient) -> None:
    root, ts = await a_stream(slack, client)
    assert await slack.ui.stop("U0ANA", "ops", root) == [ts]
    with pytest.raises(SlackApiError, match="stopped_by_user"):
        await client.chat_appendStream(channel="C0OPS", ts=ts, markdown_text="x")
    (sent,) = [p["event"] for p in slack.delivery.sent.values() if p["event"]["type"] == "agent_session_stopped"]
    assert (sent["thread_ts"], sent["streaming_message_ts"], sent["user"]) == (root, [ts], "U0ANA")


async def test_the_status_note_goes_when_a_message_comes(slack: LocalSlack, client: AsyncWebClient) -> None:
    root = await slack.ui.send("U0ANA", "ops", "please look")
    await client.assistant_threads_setStatus(channel_id="C0OPS", thread_ts=root["ts"], status="is reading…")
    assert slack.office.page_status("C0OPS", root["ts"]) == {"status": "is reading…", "title": ""}
    await client.chat_postMessage(channel="C0OPS", thread_ts=root["ts"], text="done")
    assert slack.office.page_status("C0OPS", root["ts"]) is None


async def test_prompts_with_a_thread_are_accepted_and_never_shown(slack: LocalSlack, client: AsyncWebClient) -> None:
    prompts = [{"title": "a", "message": "b"}]
    root = await slack.ui.send("U0ANA", "D0ANA", "hi")
    await client.assistant_threads_setSuggestedPrompts(channel_id="D0ANA", thread_ts=root["ts"], prompts=prompts)
    assert slack.office.prompts == {}
    await client.assistant_threads_setSuggestedPrompts(channel_id="D0ANA", prompts=prompts)
    assert slack.office.prompts == {"D0ANA": prompts}
