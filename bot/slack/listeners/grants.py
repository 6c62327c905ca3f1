"""The words about standing grants: give one on a card, see which stand, take one back."""

import re
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.orchestrator import granting
from bot.orchestrator.granting import Giving
from bot.orchestrator.requests import Answer, Click, Said
from bot.orchestrator.seeing import Seeing
from bot.slack import presses
from bot.slack.actions import ActionId, BlockId, CallbackId
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block, Card, modal
from bot.slack.cards.grant import Wanted, grant_row, wanted
from bot.slack.cards.lists import listing
from bot.slack.cards.notice import notice
from bot.slack.cards.refusal import refusal
from bot.slack.cards.submitted import FieldErrors
from bot.slack.grant_inbound import GrantPress, grant_press
from bot.slack.inbound import Command
from bot.slack.replies import Replies
from policy.people import People
from policy.waiting import GrantBounds
from storage.db import Database
from tools.gateway import Gateway

_GIVE = re.compile(r"`?([0-9a-f]{8,64})`?(?:\s+(\d{1,3}))?(?:\s+(\d{1,4}))?", re.ASCII)
_REVOKE = re.compile(r"`?(g_?[A-Za-z0-9_-]{1,60})`?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class GrantsDesk:
    """Translates; what may be granted is decided below."""

    db: Database
    gateway: Gateway
    people: People
    seeing: Seeing

    @property
    def most(self) -> GrantBounds:
        return self.gateway.rules.waiting.grants

    async def give(self, command: Command) -> Card:
        found, most = _GIVE.fullmatch(command.rest.strip()), self.most
        if found is None:
            return notice(
                f"Say which card, how often and how many minutes: `grant 9f2c1a2b3c4d {most.times} {most.minutes}`. "
                "The id is at the foot of the card."
            )
        giving = Giving(
            tenant=command.tenant,
            who=command.who,
            proposal=found[1],
            times=int(found[2] or most.times),
            minutes=int(found[3] or most.minutes),
        )
        return _said(await granting.give(self.db, self.gateway, self.people, giving))

    async def listed(self, command: Command) -> Card:
        """Every grant that stands and that the asker may read, with what is left of it."""
        found = await granting.standing(self.db, await self.seeing.viewer(command.tenant, command.who))
        body = listing(
            "Standing grants", [grant_row(g) for g in found], noun="grant", most=15, empty="No grant stands."
        )
        return Card(blocks=tuple(body), text=f"{len(found)} standing grants")

    async def revoke(self, command: Command) -> Card:
        found = _REVOKE.fullmatch(command.rest.strip())
        if found is None:
            return notice("Say which: `revoke` and the id that `grants` lists.")
        return _said(await granting.revoke(self.db, self.people, command.tenant, command.who, found[1]))

    async def give_on(self, click: Click, want: Wanted) -> Answer:
        """Give what the modal of a card asked for."""
        giving = Giving(
            tenant=click.tenant,
            who=click.who,
            proposal=click.proposal_id,
            times=want.times,
            minutes=want.minutes,
            key=click.key,
        )
        return await granting.give(self.db, self.gateway, self.people, giving)

    async def revoke_on_home(self, press: GrantPress) -> Answer:
        return await granting.revoke(self.db, self.people, press.tenant, press.who, press.grant_id)


def register(app: AsyncApp, desk: GrantsDesk, replies: Replies) -> None:
    """Hang the listeners on the app: the modal of a card, and Revoke on Home."""

    @app.view(CallbackId.GRANT)
    async def given(ack: AsyncAck, body: dict[str, Any]) -> None:
        sent = presses.submitted(body)
        if sent is None:
            await ack()
            return
        want = wanted(sent.state_values, desk.most)
        if isinstance(want, FieldErrors):
            await ack(response_action="errors", errors=want.errors)
            return
        answer = await desk.give_on(sent.click, want)
        message = await replies.with_names(sent.click.tenant, answer.message)
        if answer.said is not Said.DONE:
            await ack(response_action="errors", errors={BlockId.MINUTES: message[:1].upper() + message[1:]})
            return
        await ack(response_action="update", view=_notice(notice(message[:1].upper() + message[1:] + ".")))

    @app.action(ActionId.GRANT_REVOKE)
    async def revoked(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = grant_press(body)
        if press is not None:
            answer = await desk.revoke_on_home(press)
            if answer.said is not Said.DONE:  # on Home the grant is gone when it is done
                replies.later(replies.open(press.tenant, press.trigger_id, _notice(_said(answer))))
        await ack()


def _notice(card: Card) -> Block:
    return modal(callback_id=CallbackId.NOTICE, title="Autopilot", blocks=card.blocks, metadata="", close="OK")


def _said(answer: Answer) -> Card:
    message = answer.message[:1].upper() + answer.message[1:] + "."
    if answer.said is Said.REFUSED:
        return refusal(message, rules=answer.rules, allowed="")
    return Card(blocks=(blocks.section(escaping.ours(message)),), text=escaping.plain(message))
