"""Taking an authenticator app at a link: it counts once its first code was right, so nobody is enrolled by half."""

from dataclasses import dataclass

from bot.factors import totp
from bot.factors.enrolling import LIFE, Offer, offer_in
from bot.factors.keys import Keys
from bot.orchestrator.requests import Answer, Said
from storage import factors
from storage.db import Database, Tx, within

AGAIN = "ask whoever runs me for a new one"
UNKNOWN = Answer(said=Said.STALE, message="this link is cut off or was never made", hint=AGAIN)
OVER = Answer(said=Said.STALE, message="this link was used or is too old", hint=AGAIN)
WRONG = Answer(said=Said.INVALID, message="that code is not right; look at your app again")
DONE = Answer(
    said=Said.DONE, message="your app is enrolled; it is asked for when you approve what takes a second factor"
)


@dataclass(frozen=True, kw_only=True)
class Enrolling:
    """What the enrolment page asks."""

    db: Database
    keys: Keys

    async def offered(self, token: str) -> Offer | Answer:
        """The app that can be taken at this link, or why there is none."""
        offer = offer_in(self.keys, token)
        if offer is None:
            return UNKNOWN
        with within(offer.tenant):
            async with self.db.read() as tx:
                return await _over(tx, offer) or offer

    async def take(self, token: str, typed: str) -> Answer:
        """Enrol the person with the app that shows this code."""
        offer = offer_in(self.keys, token)
        if offer is None:
            return UNKNOWN
        with within(offer.tenant):
            async with self.db.write() as tx:
                if (over := await _over(tx, offer)) is not None:
                    return over
                step = totp.step_of(typed, offer.secret, await tx.time())
                if step is None:
                    return WRONG
                shut = self.keys.shut(offer.secret, offer.tenant, offer.person)
                await factors.enrol(tx, offer.tenant, offer.person, shut, by=f"{offer.by}, by link")
                factor = await factors.find(tx, offer.tenant, offer.person)
                assert factor is not None
                await factors.take(tx, factor, step)  # this code is used up: it approves nothing
        return DONE


async def _over(tx: Tx, offer: Offer) -> Answer | None:
    have = await factors.find(tx, offer.tenant, offer.person)
    used = have is not None and have.enrolled_at >= offer.made_at
    return OVER if used or await tx.time() > offer.made_at + LIFE else None
