"""After a new key: every enrolment is shut with it, so that the older keys can go."""

from dataclasses import dataclass

from bot.factors.keys import Keys, WrongKey
from storage import audit, factors
from storage.db import Database


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """What became of one workspace's enrolments."""

    already: int
    done: int
    lost: tuple[str, ...]
    """people whose app opens with none of the keys: they have to be enrolled again"""


async def re_encrypt(db: Database, keys: Keys, tenant: str, *, by: str) -> Resealed:
    """Shut what an older key had shut with the first one. May be repeated, and run while the bot does."""
    already, done, lost = 0, 0, []
    async with db.write() as tx:
        for factor in await factors.of_tenant(tx, tenant):
            owner = (factor.tenant, factor.person)
            try:
                if keys.is_newest(factor.secret, *owner):
                    already += 1
                    continue
                shut = keys.shut(keys.opened(factor.secret, *owner), *owner)
            except WrongKey:
                lost.append(factor.person)
                continue
            done += await factors.reseal(tx, factor, shut)
        if done:
            await audit.append(tx, tenant, "ops.approver.re_encrypted", body={"enrolments": done, "by": by})
    return Resealed(already=already, done=done, lost=tuple(lost))
