"""Listeners for the reaction that makes a thread an evaluation case."""

from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.orchestrator import cases
from bot.slack import shortcuts
from bot.slack.cards.notice import notice
from bot.slack.replies import Replies
from storage.db import Database

CASE_EMOJI = "test_tube"


def register(app: AsyncApp, db: Database, clean: Callable[[str], str], replies: Replies) -> None:
    """Hang the listeners on the app."""

    @app.event("reaction_added")
    async def added(body: dict[str, Any]) -> None:
        found = shortcuts.reacted(body)
        if found is None or found.emoji != CASE_EMOJI:
            return
        kept = await cases.keep_thread(
            db, clean, tenant=found.tenant, channel=found.channel, ts=found.ts, who=found.who, key=found.key
        )
        if kept:
            said = notice(f"This thread is now an evaluation case. Take :{CASE_EMOJI}: away to drop it.")
            replies.later(replies.whisper(found.tenant, found.channel, found.who, said))

    @app.event("reaction_removed")
    async def removed(body: dict[str, Any]) -> None:
        found = shortcuts.reacted(body)
        if found is None or found.emoji != CASE_EMOJI:
            return
        await cases.drop_thread(
            db, tenant=found.tenant, channel=found.channel, ts=found.ts, who=found.who, key=found.key
        )
