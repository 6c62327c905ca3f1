"""Listeners for the app's own page (Home, Messages) and the slash command."""

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack import inbound, presses
from bot.slack.actions import ActionId
from bot.slack.listeners.words import Words
from bot.slack.replies import Replies
from bot.slack.suggestions import Suggestions
from storage import homes

_TURNED = re.compile(rf"{re.escape(ActionId.HOME_AREA)}\..+|{re.escape(ActionId.HOME_PAGE)}\..+")


def register(app: AsyncApp, words: Words, replies: Replies, suggestions: Suggestions) -> None:
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
            replies.later(suggestions.offer(found.tenant, found.channel, found.channel))

    @app.event("app_context_changed")
    async def looking_elsewhere(body: dict[str, Any]) -> None:
        """Somebody with our panel open looks at another channel."""
        found = inbound.looking_at(body)
        if found is not None:
            replies.later(suggestions.offer_to(found))

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
