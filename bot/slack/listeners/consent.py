"""Listeners for the answer to "may this be sent to a provider?"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.lifecycle import consent
from bot.lifecycle.consent import Terms
from bot.slack.actions import ActionId
from bot.slack.cards.blocks import Card
from bot.slack.cards.consent import agreed_card, withdrawn_card
from bot.slack.cards.notice import notice
from bot.slack.inbound import Command
from bot.slack.replies import Replies
from bot.slack.tenants import FromSlack
from storage import consents, inbox
from storage.db import Database


class _Named(BaseModel):
    id: str


class _Action(BaseModel):
    value: str
    action_ts: str


class _Pressed(FromSlack):
    user: _Named
    actions: tuple[_Action, ...]
    response_url: str = ""


@dataclass(frozen=True, kw_only=True)
class ConsentDesk:
    """Takes answers. Whose answer it is, is Slack's word; what it is about must be what holds now."""

    db: Database
    replies: Replies
    terms: Mapping[str, Terms]
    """what people are asked to agree to now, by its id; empty: nothing leaves this installation"""

    async def take(self, body: dict[str, Any], *, yes: bool) -> None:
        try:
            pressed = _Pressed.model_validate(body)
        except ValidationError:
            return
        action = pressed.actions[0]
        terms = self.terms.get(action.value)
        if terms is None:
            said = "The data policy has changed since I asked. Ask me again, and I ask you about the new one."
        else:
            async with self.db.write() as tx:
                key = f"consent:{pressed.user.id}:{action.action_ts}"
                if not await inbox.first_time(tx, pressed.tenant, key, "consent"):
                    return
            await consent.answer(self.db, pressed.tenant, pressed.user.id, terms, yes=yes)
            said = f"Thank you, I go on. ({terms.words})" if yes else "Nothing was sent."
        if pressed.response_url:
            self.replies.later(self._replace(pressed.tenant, pressed.response_url, said))

    async def word(self, command: Command) -> Card:
        """Answer `consent` and `consent withdraw`."""
        if command.rest.strip().lower().startswith("withdraw"):
            return withdrawn_card(await consent.withdraw(self.db, command.tenant, command.who))
        async with self.db.read() as tx:
            agreed = [
                one for one in self.terms.values() if await consents.given(tx, command.tenant, command.who, one.id)
            ]
        return agreed_card(agreed)

    async def _replace(self, tenant: str, url: str, said: str) -> None:
        session = self.replies.workspaces.client(tenant).session
        answered = notice(said)  # with blocks of its own, or the question's buttons could stay
        await AsyncWebhookClient(url, session=session).send(
            text=answered.text, blocks=list(answered.blocks), replace_original=True
        )


def register(app: AsyncApp, desk: ConsentDesk) -> None:
    """Hang the listeners on the app. The answer is on disk before the ack."""

    @app.action(ActionId.CONSENT_YES)
    async def agreed(ack: AsyncAck, body: dict[str, Any]) -> None:
        await desk.take(body, yes=True)
        await ack()

    @app.action(ActionId.CONSENT_NO)
    async def declined(ack: AsyncAck, body: dict[str, Any]) -> None:
        await desk.take(body, yes=False)
        await ack()
