"""The words about standing grants: give one on a card, see which stand, take one back."""

import re
from dataclasses import dataclass

from bot.orchestrator import granting
from bot.orchestrator.granting import MOST_MINUTES, MOST_TIMES, Giving
from bot.orchestrator.requests import Answer, Said
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card
from bot.slack.cards.lists import listing
from bot.slack.cards.notice import notice
from bot.slack.cards.refusal import refusal
from bot.slack.cards.wording import shortened, when
from bot.slack.inbound import Command
from policy.people import People
from storage import grants
from storage.db import Database
from storage.grants import Grant
from tools.gateway import Gateway

_GIVE = re.compile(r"`?([0-9a-f]{8,64})`?(?:\s+(\d{1,3}))?(?:\s+(\d{1,4}))?", re.ASCII)
_REVOKE = re.compile(r"`?(g_?[A-Za-z0-9_-]{1,60})`?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class GrantsDesk:
    """Translates; what may be granted is decided below."""

    db: Database
    gateway: Gateway
    people: People

    async def give(self, command: Command) -> Card:
        found = _GIVE.fullmatch(command.rest.strip())
        if found is None:
            return notice(
                f"Say which card, how often and how many minutes: `grant 9f2c1a2b3c4d {MOST_TIMES} {MOST_MINUTES}`. "
                "The id is at the foot of the card."
            )
        giving = Giving(
            tenant=command.tenant,
            who=command.who,
            proposal=found[1],
            times=int(found[2] or MOST_TIMES),
            minutes=int(found[3] or MOST_MINUTES),
        )
        return _said(await granting.give(self.db, self.gateway, self.people, giving))

    async def listed(self, command: Command) -> Card:
        """Every grant that stands, with what is left of it."""
        async with self.db.read() as tx:
            found = await grants.standing(tx, command.tenant)
        body = listing(
            "Standing grants", [grant_row(g) for g in found], noun="grant", most=15, empty="No grant stands."
        )
        return Card(blocks=tuple(body), text=f"{len(found)} standing grants")

    async def revoke(self, command: Command) -> Card:
        found = _REVOKE.fullmatch(command.rest.strip())
        if found is None:
            return notice("Say which: `revoke` and the id that `grants` lists.")
        return _said(await granting.revoke(self.db, self.people, command.tenant, command.who, found[1]))


def grant_row(grant: Grant) -> str:
    """One grant: what, whose, for whom, what is left, until when."""
    who = escaping.person(grant.granter)
    left = f"{grant.most - grant.used} of {grant.most} left"
    says = shortened(grant.says, 300, escaping.says)
    code = escaping.code(escaping.reveal(grant.id))
    return (
        f"• {says} · by {who} for {escaping.person(grant.requester)} · {left} · until {when(grant.expires_at)} · {code}"
    )


def _said(answer: Answer) -> Card:
    message = answer.message[:1].upper() + answer.message[1:] + "."
    if answer.said is Said.REFUSED:
        return refusal(message, rules=answer.rules, allowed="")
    return Card(blocks=(blocks.section(escaping.ours(message)),), text=escaping.plain(message))
