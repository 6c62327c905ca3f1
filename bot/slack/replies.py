"""What a person gets back at once: ephemeral words, a modal. Not durable: what matters is on the card."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.orchestrator.requests import Answer, Said
from bot.slack.cards.blocks import Block, Card
from bot.slack.cards.notice import notice
from bot.slack.cards.refusal import refusal
from bot.slack.inbound import Press

_log = structlog.get_logger(__name__)


@dataclass
class Replies:
    """Sends replies after the ack, and remembers what it began so that a shutdown can wait for it."""

    client: AsyncWebClient
    _begun: set[asyncio.Task[None]] = field(default_factory=set)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this after the ack; a failure is logged, because nobody waits for it."""
        task = asyncio.create_task(self._logged(work))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (SlackApiError, OSError, TimeoutError) as error:
            _log.warning("a reply did not reach its person", why=str(error)[:300])

    async def drain(self, seconds: float) -> None:
        """Wait for what was begun, at most so long."""
        if self._begun:
            await asyncio.wait(self._begun, timeout=seconds)

    async def whisper(self, channel: str, user: str, card: Card, *, thread_ts: str = "") -> None:
        """Show a card to one person only."""
        await self.client.chat_postEphemeral(
            channel=channel, user=user, text=card.text, blocks=list(card.blocks), thread_ts=thread_ts or None
        )

    async def answer(self, press: Press, answer: Answer) -> None:
        """Say what became of a press, when there is something the card does not say itself."""
        card = card_of(answer)
        if card is not None and press.channel:
            await self.whisper(press.channel, press.click.who, card, thread_ts=press.thread_ts)

    async def open(self, trigger_id: str, view: Block) -> None:
        await self.client.views_open(trigger_id=trigger_id, view=view)


def card_of(answer: Answer) -> Card | None:
    """The words for the person who pressed; None when the card says it all."""
    match answer.said:
        case Said.REFUSED:
            message = answer.message[:1].upper() + answer.message[1:]
            return refusal(message + ".", rules=answer.rules, allowed=answer.hint)
        case Said.STALE | Said.INVALID:
            return notice(answer.message[:1].upper() + answer.message[1:] + ".")
        case Said.COUNTED:
            return notice("Your approval: " + answer.message + ".")
        case Said.DONE | Said.DUPLICATE:
            return None
