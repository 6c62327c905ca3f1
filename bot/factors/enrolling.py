"""A link by which one person gets an authenticator app: all it is for stands in it, shut with our key."""

import json
from dataclasses import dataclass

from bot.factors.keys import Keys, WrongKey

LIFE = 900.0
"""seconds a link can be used"""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An app for one person, not yet taken."""

    tenant: str
    person: str
    secret: str
    by: str
    """who made the link"""
    made_at: float


def token(keys: Keys, offer: Offer) -> str:
    """What an address carries. Whoever has it can take the app, so it goes to that person and nobody else."""
    inside = json.dumps({"secret": offer.secret, "by": offer.by, "at": offer.made_at})
    return f"{offer.tenant}.{offer.person}.{keys.shut(inside, 'enrol', offer.tenant, offer.person)}"


def offer_in(keys: Keys, text: str) -> Offer | None:
    """What the link offers, however old it is; None when none of our keys made it."""
    tenant, _, rest = text.partition(".")
    person, _, shut = rest.partition(".")
    try:
        inside = json.loads(keys.opened(shut, "enrol", tenant, person))
    except WrongKey:
        return None
    return Offer(tenant=tenant, person=person, secret=inside["secret"], by=inside["by"], made_at=inside["at"])
