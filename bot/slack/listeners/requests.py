"""Listeners for what asks for work: mentions, messages, the message shortcut, Slack's Stop. They only translate."""

from dataclasses import asdict
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.orchestrator.core import Orchestrator
from bot.slack import inbound, shortcuts, unprompted
from bot.slack.changed import changed
from bot.slack.listeners.words import Words


def register(app: AsyncApp, orchestrator: Orchestrator, words: Words) -> None:
    """Hang the listeners on the app. They return after the request is on disk, and only then bolt acks."""

    async def take(body: dict[str, Any]) -> None:
        request = inbound.request_from_event(body)
        if request is None:
            return
        command = words.after_mention(request)
        if command is not None:
            await words.carry_out(command)
            return
        await orchestrator.submit(request)

    @app.event("app_mention")
    async def mentioned(body: dict[str, Any]) -> None:
        """Someone spoke to the bot in a channel."""
        await take(body)

    @app.event("message")
    async def messaged(body: dict[str, Any]) -> None:
        """Someone wrote to the bot directly; or in a channel, whose settings say whether that is answered."""
        if (change := changed(body)) is not None:
            await orchestrator.revise(**asdict(change))
            return
        if body.get("event", {}).get("channel_type") == "im":
            await take(body)
            return
        found = unprompted.overheard(body)
        if found is not None:
            await orchestrator.overhear(found.request, found.text, by_bot=found.by_bot)

    @app.shortcut({"type": "message_action", "callback_id": shortcuts.ASK_ABOUT})
    async def asked_about(ack: AsyncAck, body: dict[str, Any]) -> None:
        """Someone chose "Ask Autopilot about this" on a message."""
        found = shortcuts.asked_about(body)
        if found is not None:
            await words.ask_about(found)
        await ack()

    @app.event("agent_session_stopped")
    async def stopped(body: dict[str, Any]) -> None:
        """Someone pressed Slack's Stop in a thread."""
        press = inbound.stop_press(body)
        if press is not None:
            await orchestrator.stop_thread(press.tenant, press.channel, press.thread_ts, press.who)
