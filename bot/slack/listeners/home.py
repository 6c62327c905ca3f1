"""Listeners for the app's own page (Home, Messages) and the slash command."""

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot.slack import inbound, presses
from bot.slack.actions import ActionId
from bot.slack.listeners.words import Words
from bot.slack.replies import Replies
from storage import homes

PROMPTS = (
    ("Checkout is failing", "checkout is failing, what is going on?"),
    ("A member cannot log in", "member a-17 cannot login, can you help?"),
    ("Content was reported", "a reply was reported as a scam, can you look?"),
    ("What can you do?", "help"),
)

_TURNED = re.compile(rf"{re.escape(ActionId.HOME_AREA)}\..+|{re.escape(ActionId.HOME_PAGE)}\..+")


def register(app: AsyncApp, words: Words, replies: Replies) -> None:
    """Hang the listeners on the app."""

    @app.event("app_home_opened")
    async def opened(body: dict[str, Any]) -> None:
        found = inbound.home_opened(body)
        if found is None:
            return
        if found.tab == "home":
            async with words.db.write() as tx:
                await homes.opened(tx, found.tenant, found.user)
        else:
            replies.later(_suggest(found))

    async def _suggest(found: inbound.HomeOpened) -> None:
        try:
            # without thread_ts: in the Messages tab a thread_ts makes this fail silently
            await replies.workspaces.client(found.tenant).assistant_threads_setSuggestedPrompts(
                channel_id=found.channel, prompts=[{"title": t, "message": m} for t, m in PROMPTS]
            )
        except SlackApiError as error:
            if error.response["error"] not in ("unknown_method", "missing_scope"):
                raise

    @app.action(_TURNED)
    async def turned(ack: AsyncAck, body: dict[str, Any]) -> None:
        """Somebody looks at another area, or turns a page."""
        found = presses.home_turn(body)
        if found is not None:
            async with words.db.write() as tx:
                await homes.turn(tx, found.tenant, found.who, area=found.area, page=found.page)
        await ack()

    @app.command("/autopilot")
    async def commanded(ack: AsyncAck, body: dict[str, Any]) -> None:
        command = inbound.command(body)
        if command is not None:
            await words.carry_out(command)
        await ack()
