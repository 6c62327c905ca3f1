"""A link to an authenticator app: taken once, in time, by its first code, with the key that made it."""

import re

import pytest

from bot.factors import enrolling, totp
from bot.factors.enrolling import LIFE, Offer
from bot.factors.keys import Keys, new_key
from bot.orchestrator.enrolling import OVER, UNKNOWN, WRONG, Enrolling
from bot.orchestrator.requests import Said
from storage import audit, factors
from storage.db import Database
from tests.builders import TENANT

KEY = new_key()
SECRET = totp.new_secret()


@pytest.fixture
def desk(db: Database) -> Enrolling:
    return Enrolling(db=db, keys=Keys(KEY))


async def _token(db: Database, *, ago: float = 0.0, keys: str = KEY, person: str = "U0DANA") -> str:
    async with db.read() as tx:
        made_at = await tx.time() - ago
    offer = Offer(tenant=TENANT, person=person, secret=SECRET, by="cli:kim", made_at=made_at)
    return enrolling.token(Keys(keys), offer)


async def _code(db: Database, later: int = 0) -> str:
    async with db.read() as tx:
        return totp.code(SECRET, await tx.time() + later * totp.STEP)


async def test_the_first_right_code_enrols_once_and_is_used_up(db: Database, desk: Enrolling) -> None:
    token = await _token(db)
    assert isinstance(await desk.offered(token), Offer)
    assert await desk.take(token, "000 00x") == WRONG
    async with db.read() as tx:
        assert await factors.find(tx, TENANT, "U0DANA") is None, "looking and guessing enrols nobody"
    code = await _code(db)
    assert (await desk.take(token, code)).said is Said.DONE
    assert await desk.take(token, await _code(db, 1)) == OVER and await desk.offered(token) == OVER
    async with db.write() as tx:
        factor = await factors.find(tx, TENANT, "U0DANA")
        assert factor is not None and Keys(KEY).opened(factor.secret, TENANT, "U0DANA") == SECRET
        step = totp.step_of(code, SECRET, await tx.time())
        assert step is not None and not await factors.take(tx, factor, step), "this code approves nothing"
        [entry] = [e for e in await audit.entries(tx, TENANT) if e.event == "ops.approver.enrolled"]
    assert "cli:kim, by link" in entry.body and SECRET not in entry.body


async def test_a_link_that_is_not_ours_or_too_old_enrols_nobody(db: Database, desk: Enrolling) -> None:
    code, token = await _code(db), await _token(db)
    for bad in ("", "x", token[:-2], token.replace("U0DANA", "U0RILEY"), await _token(db, keys=new_key())):
        assert await desk.take(bad, code) == UNKNOWN and await desk.offered(bad) == UNKNOWN, bad
    assert await desk.take(await _token(db, ago=LIFE + 1), code) == OVER
    async with db.read() as tx:
        assert await factors.of_tenant(tx, TENANT) == []
    # one key follows another while a link is on its way
    both = Enrolling(db=db, keys=Keys(f"{new_key()},{KEY}"))
    assert (await both.take(token, code)).said is Said.DONE


def test_what_is_drawn_fetches_nothing() -> None:
    """Dark on light, in a page and in a terminal."""
    address = totp.uri(SECRET, "U0DANA", TENANT)
    svg = totp.drawn(address)
    assert svg.startswith("<svg") and not re.search(r"href|url\(|<image|<script", svg)
    assert svg == totp.drawn(address) != totp.drawn(f"{address}x")
    assert "\u2584" in totp.typed(address)
