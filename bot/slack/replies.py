"""What a person gets back at once: ephemeral words, a modal. Not durable: what matters is on the card."""

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.orchestrator.requests import Answer, Said
from bot.slack.actions import CallbackId
from bot.slack.cards.blocks import Block, Card, modal
from bot.slack.cards.escaping import plain
from bot.slack.cards.notice import notice
from bot.slack.cards.refusal import refusal
from bot.slack.cards.step_up import step_up_card
from bot.slack.channels import is_in
from bot.slack.faults import PASSING, classify
from bot.slack.inbound import Command
from bot.slack.presses import Press
from bot.slack.workspaces import Workspaces
from policy.people import CannotAsk

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_log = structlog.get_logger(__name__)


@dataclass
class Replies:
    """Sends replies after the ack, and remembers what it began so that a shutdown can wait for it."""

    workspaces: Workspaces
    _begun: set[asyncio.Task[None]] = field(default_factory=set)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this after the ack; a failure is logged, because nobody waits for it."""
        task = asyncio.create_task(self._logged(work))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (SlackApiError, CannotAsk, OSError, TimeoutError) as error:
            _log.warning("a reply did not reach its person", why=str(error)[:300])

    async def drain(self, seconds: float) -> None:
        """Wait for what was begun, at most so long."""
        if self._begun:
            await asyncio.wait(self._begun, timeout=seconds)

    async def whisper(self, tenant: str, channel: str, user: str, card: Card, *, thread_ts: str = "") -> None:
        """Show a card to one person only."""
        await self.workspaces.client(tenant).chat_postEphemeral(
            channel=channel, user=user, text=card.text, blocks=list(card.blocks), thread_ts=thread_ts or None
        )

    async def is_in(self, tenant: str, channel: str, person: str) -> bool:
        """Whether this person is a member of the channel.

        Raises: SlackApiError when Slack does not say.
        """
        return await is_in(self.workspaces.client(tenant), channel, person)

    async def begin_thread(self, tenant: str, channel: str, person: str, text: str) -> str:
        """The ts of a message that a request without one hangs on; "" where the person or the bot may not write.

        Who is not in a channel cannot speak there: what may be done depends on the channel.

        Raises:
            CannotAsk: Slack does not answer.
        """
        client = self.workspaces.client(tenant)
        try:
            if not await self.is_in(tenant, channel, person):
                return ""
            posted = await client.chat_postMessage(
                channel=channel,
                text=f"<@{person}> asks: {plain(text)}"[:3000],
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            failure = classify(error)
            if failure is not None and failure.fault in PASSING:
                raise CannotAsk(f"slack does not take messages now ({error.response['error']})") from None
            _log.info("a request by the API has no channel", why=str(error.response["error"]))
            return ""
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise CannotAsk(f"slack does not answer ({type(error).__name__})") from None
        return str(posted["ts"])

    async def respond(self, where: Command, card: Card) -> None:
        """Answer a command for its asker only: by its response url, which needs no membership, else in the channel."""
        if not where.response_url:
            await self.whisper(where.tenant, where.channel, where.who, card, thread_ts=where.thread_ts)
            return
        hook = AsyncWebhookClient(where.response_url, session=self.workspaces.client(where.tenant).session)
        done = await hook.send(text=card.text, blocks=list(card.blocks), response_type="ephemeral")
        if done.status_code != 200:
            _log.warning("a command's answer did not reach its asker", status=done.status_code)

    async def answer(self, press: Press, answer: Answer) -> None:
        """Say what became of a press, when there is something the card does not say itself."""
        card = card_of(answer)
        if card is not None:
            await self.tell(press, card)

    async def tell(self, press: Press, card: Card) -> None:
        """Show a card to who pressed: where they pressed, or, on Home, in a dialog."""
        if press.channel:
            await self.whisper(press.click.tenant, press.channel, press.click.who, card, thread_ts=press.thread_ts)
        elif press.trigger_id:
            await self.open(
                press.click.tenant,
                press.trigger_id,
                modal(callback_id=CallbackId.NOTICE, title="Autopilot", blocks=card.blocks, metadata="", close="OK"),
            )

    async def with_names(self, tenant: str, text: str) -> str:
        """The sentence for a place where Slack draws no mentions: people by their names."""
        for user in dict.fromkeys(_MENTION.findall(text)):
            try:
                found = await self.workspaces.client(tenant).users_info(user=user)
                name = str(found["user"].get("real_name") or found["user"]["name"])
            except (SlackApiError, KeyError):
                name = "this person"
            text = text.replace(f"<@{user}>", name)
        return text

    async def open(self, tenant: str, trigger_id: str, view: Block) -> None:
        await self.workspaces.client(tenant).views_open(trigger_id=trigger_id, view=view)


def card_of(answer: Answer) -> Card | None:
    """The words for the person who pressed; None when the card says it all."""
    match answer.said:
        case Said.REFUSED:
            message = answer.message[:1].upper() + answer.message[1:]
            return refusal(message + ".", rules=answer.rules, allowed=answer.hint)
        case Said.STEP_UP:
            return step_up_card(answer.message, answer.link)
        case Said.STALE | Said.INVALID:
            return notice(answer.message[:1].upper() + answer.message[1:] + ".")
        case Said.COUNTED:
            return notice("Your approval: " + answer.message + ".")
        case Said.DONE | Said.DUPLICATE:
            return None
