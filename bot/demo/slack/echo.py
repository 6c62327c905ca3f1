"""A tiny real bolt app for whoever works on the page: it streams, posts a card with buttons, and opens a modal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.server import LocalSlack
from bot.demo.slack.wire import Json

PAUSE = 0.6


@asynccontextmanager
async def echo_app(slack: LocalSlack) -> AsyncIterator[None]:
    """The echo app, connected while the context lasts."""
    app = AsyncApp(
        client=AsyncWebClient(token=slack.bot_token, base_url=slack.api_url), signing_secret=slack.signing_secret
    )
    _listen(app, slack.workspace.team_id)
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt ships it untyped
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # bolt ships it untyped


def _listen(app: AsyncApp, team: str) -> None:
    @app.event("app_mention")
    async def mentioned(event: Json, client: AsyncWebClient) -> None:
        await _answer(event, client, team)

    @app.event("message")
    async def written(event: Json, client: AsyncWebClient) -> None:
        if event["channel_type"] == "im" and not event.get("bot_id") and not event.get("subtype"):
            await _answer(event, client, team)

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=_home(event["user"]))
        else:
            prompts = [
                {"title": "What is broken?", "message": "What is broken right now?"},
                {"title": "Roll back checkout", "message": "Roll back checkout to the last good version"},
            ]
            await client.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=prompts)

    @app.event("agent_session_stopped")
    async def stopped(event: Json, client: AsyncWebClient) -> None:
        where = {"channel_id": event["channel"], "thread_ts": event["thread_ts"]}
        await client.agents_sessions_setStatus(**where, status="active")

    @app.event("reaction_added")
    async def reacted() -> None:
        """Acked, so that it is not sent again."""

    @app.action("approve")
    async def approve(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await _close_card(client, body, f":white_check_mark: Approved by <@{body['user']['id']}>")

    @app.action("reject")
    async def reject(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await _close_card(client, body, f":no_entry: Rejected by <@{body['user']['id']}>")

    @app.action("edit")
    async def edit(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        where = f"{body['channel']['id']} {body['message']['ts']}"
        await client.views_open(trigger_id=body["trigger_id"], view=_modal(where))

    @app.view("edit_done")
    async def edited(ack: Any, view: Json, client: AsyncWebClient) -> None:
        replicas = view["state"]["values"]["replicas"]["value"]["value"]
        if not str(replicas).isdigit():
            await ack(response_action="errors", errors={"replicas": "Give a number, such as 4."})
            return
        await ack()
        channel, ts = view["private_metadata"].split()
        await client.chat_update(channel=channel, ts=ts, text="Edited", blocks=_card(int(replicas)))

    @app.command("/autopilot")
    async def command(ack: Any, command: Json) -> None:
        await ack(f"You said: {command['text'] or 'nothing'}")

    @app.action({"type": "block_actions"})
    async def other(ack: Any) -> None:
        await ack()


async def _answer(event: Json, client: AsyncWebClient, team: str) -> None:
    channel, thread = event["channel"], event.get("thread_ts") or event["ts"]
    await client.agents_sessions_setStatus(
        channel_id=channel, thread_ts=thread, status="processing", title=event["text"][:60]
    )
    started = await client.chat_startStream(
        channel=channel,
        thread_ts=thread,
        recipient_user_id=event["user"],
        recipient_team_id=team,
        chunks=[{"type": "markdown_text", "text": "Let me look at **checkout**. "}],
    )
    ts: str = started["ts"]
    steps = (
        ("logs", "Search the logs", "41 times `TimeoutError`"),
        ("deploys", "List deploys", "v42 went live at 10:02"),
    )
    for task, title, output in steps:
        await _append(client, channel, ts, {"type": "task_update", "id": task, "title": title, "status": "in_progress"})
        done = {"type": "task_update", "id": task, "title": title, "status": "complete", "output": output}
        await _append(client, channel, ts, done)
    words = "The errors began right after **v42**.\n\n- error rate 12 %\n- only `eu-west-1`\n\nI suggest more replicas."
    for word in words.split(" "):
        await _append(client, channel, ts, {"type": "markdown_text", "text": word + " "}, pause=0.08)
    await client.chat_stopStream(channel=channel, ts=ts, session_status="suspended")
    await client.chat_postMessage(channel=channel, thread_ts=thread, text="Scale checkout to 6?", blocks=_card(6))


async def _append(client: AsyncWebClient, channel: str, ts: str, chunk: Json, *, pause: float = PAUSE) -> None:
    await client.chat_appendStream(channel=channel, ts=ts, chunks=[chunk])
    await asyncio.sleep(pause)


async def _close_card(client: AsyncWebClient, body: Json, words: str) -> None:
    kept = [block for block in body["message"]["blocks"] if block["type"] != "actions"]
    result = {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}
    where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
    await client.chat_update(**where, text=words, blocks=[*kept, result])


def _card(replicas: int) -> list[Json]:
    def button(action: str, words: str, **more: Any) -> Json:
        return {"type": "button", "action_id": action, "value": "p1", "text": _plain(words), **more}

    confirm = {"title": _plain("Approve?"), "text": _plain("It runs at once."), "confirm": _plain("Approve")}
    return [
        {"type": "header", "text": _plain("Scale checkout")},
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*Replicas* 3 → *{replicas}*\n*Risk* 34 of 100"}},
        {"type": "divider"},
        {
            "type": "actions",
            "block_id": "decide",
            "elements": [
                button("approve", "Approve", style="primary", confirm=confirm),
                button("edit", "Edit"),
                button("reject", "Reject", style="danger"),
            ],
        },
    ]


def _modal(where: str) -> Json:
    return {
        "type": "modal",
        "callback_id": "edit_done",
        "private_metadata": where,
        "title": _plain("Edit the proposal"),
        "submit": _plain("Save"),
        "blocks": [
            {
                "type": "input",
                "block_id": "replicas",
                "label": _plain("Replicas"),
                "element": {"type": "plain_text_input", "action_id": "value", "initial_value": "6"},
            }
        ],
    }


def _home(user: str) -> Json:
    words = {"type": "mrkdwn", "text": f"Hello <@{user}>. Nothing waits for you."}
    return {"type": "home", "blocks": [{"type": "header", "text": _plain("Home")}, {"type": "section", "text": words}]}


def _plain(words: str) -> Json:
    return {"type": "plain_text", "text": words}
