"""Proving a second factor at a link: the proof is checked and used up, then the vote goes the way of every vote."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.factors import totp
from bot.factors.keys import WrongKey
from bot.factors.step_up import StepUps
from bot.lifecycle.moves import note
from bot.orchestrator.core import Orchestrator
from bot.orchestrator.requests import Answer, Click, Said
from bot.orchestrator.stepping_up import Proven
from policy.people import CannotAsk
from storage import factors, proposals, step_ups, tasks
from storage.db import Tx, within
from storage.step_ups import StepUpLink

UNKNOWN = Answer(said=Said.STALE, message="this link is cut off or was never made; press Approve in Slack again")
OVER = Answer(said=Said.STALE, message="this link was used, replaced or is too old; press Approve in Slack again")
WRONG = Answer(said=Said.INVALID, message="that code is not right; look at your app again")
REPLAYED = Answer(said=Said.INVALID, message="that code was used already; wait for the next one")
RESTING = Answer(said=Said.INVALID, message="too many wrong codes; wait 15 minutes, then press Approve in Slack again")
NO_APP = Answer(said=Said.INVALID, message="no authenticator app is enrolled for you; ask whoever runs me")
ELSE = Answer(
    said=Said.REFUSED,
    message="you logged in as somebody else than the person this link was made for; nothing was counted",
    rules=("builtin:step-up",),
)
RE_ENROL = Answer(said=Said.INVALID, message="your enrolment does not open with today's key; ask to be enrolled again")


@dataclass(frozen=True, kw_only=True)
class Proving:
    """What the console asks. Everything it is told is a claim until it is checked here."""

    desk: Orchestrator
    means: StepUps
    by_email: Callable[[str, str], Awaitable[str | None]]
    """(tenant, address) → the member who has it"""

    async def link_of(self, token: str) -> StepUpLink | None:
        """The link of a token, dead or alive; None when the signature is not ours."""
        async with self.desk.db.read() as tx:
            link = await step_ups.find(tx, token.partition(".")[0])
        return link if link is not None and self.means.signed(token, link) else None

    async def over(self, link: StepUpLink) -> Answer | None:
        """Why nothing can be proven at this link any more; None while it can."""
        with within(link.tenant):
            async with self.desk.db.read() as tx:
                if not await step_ups.lives(tx, link):
                    return OVER
            return await self.desk.stale(self._click(link))

    async def by_code(self, token: str, typed: str) -> Answer:
        """Approve with a code of the person's authenticator app."""
        link = await self.link_of(token)
        if link is None:
            return UNKNOWN
        with within(link.tenant):
            async with self.desk.db.write() as tx:
                refused = await self._look_at(tx, link, typed)
                if refused is not None:
                    await self._failed(tx, link, "totp", refused.message)
                    return refused
            return await self._approve(link, "totp")

    async def _look_at(self, tx: Tx, link: StepUpLink, typed: str) -> Answer | None:
        """Why this code proves nothing, once it is counted as a try; None when it was right, and is used up."""
        if not await step_ups.count_try(tx, link):
            return OVER
        factor = await factors.count_try(tx, link.tenant, link.person)
        if factor is None:
            return RESTING if await factors.find(tx, link.tenant, link.person) else NO_APP
        try:
            secret = self.means.keys.opened(factor.secret, link.tenant, link.person)
        except WrongKey:
            return RE_ENROL
        step = totp.step_of(typed, secret, await tx.time())
        if step is None:
            return WRONG
        return None if await factors.take(tx, factor, step) else REPLAYED

    async def by_address(self, token: str, address: str) -> Answer:
        """Approve as whoever a provider says logged in, when that is the person of the link."""
        link = await self.link_of(token)
        if link is None:
            return UNKNOWN
        try:
            person = await self.by_email(link.tenant, address)
        except CannotAsk as error:
            return Answer(said=Said.REFUSED, message=f"nothing was counted, because {error}", rules=("builtin:people",))
        with within(link.tenant):
            async with self.desk.db.write() as tx:
                if not await step_ups.count_try(tx, link):
                    return OVER
                if person != link.person:
                    await self._failed(tx, link, "oidc", f"logged in as {person or 'nobody of this workspace'}")
                    return ELSE
            return await self._approve(link, "oidc")

    async def failed(self, link: StepUpLink, why: str) -> Answer:
        """Put on record that a provider's answer proved nothing."""
        with within(link.tenant):
            async with self.desk.db.write() as tx:
                await step_ups.count_try(tx, link)
                await self._failed(tx, link, "oidc", why)
        return Answer(said=Said.INVALID, message=why)

    async def _approve(self, link: StepUpLink, method: str) -> Answer:
        return await self.desk.approve(self._click(link), Proven(link=link, method=method))

    async def _failed(self, tx: Tx, link: StepUpLink, method: str, why: str) -> None:
        task = await tasks.get(tx, link.tenant, (await proposals.get(tx, link.tenant, link.proposal_id)).task_id)
        body = {"who": link.person, "proposal": link.proposal_id, "link": link.id, "method": method}
        await note(tx, task, "step_up_failed", {**body, "why": why})

    def _click(self, link: StepUpLink) -> Click:
        return Click(tenant=link.tenant, proposal_id=link.proposal_id, who=link.person, key=f"step-up:{link.id}")
