"""A change that takes a second factor, through the real app: the press, the page, both ways to prove, and the card."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.demo.shop.faults import Story
from bot.factors import totp
from bot.factors.keys import Keys, new_key
from storage import factors
from tests.factors.provider import CLIENT, SECRET, Provider
from tests.scenarios.test_api import a_token
from tests.scenarios.world import DANA, NOOR, SAM, World, a_world, everything

KEY = new_key()


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    found = Provider()
    async with found.serve():
        yield found


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider) -> AsyncIterator[World]:
    async with a_world(
        tmp_path,
        monkeypatch.setenv,
        fault=Story.STUCK_CONSUMER,
        step_up_key=KEY,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
    ) as found:
        yield found


def link_in(shown: object) -> str:
    return str(re.findall(r"http://127\.0\.0\.1:\d+/step-up/[\w.-]+", str(shown))[-1])


async def test_two_leads_prove_two_kinds_of_factor(world: World, provider: Provider) -> None:
    secret, origin = totp.new_secret(), world.config.console
    async with world.database() as db, db.write() as tx:
        await factors.enrol(tx, "T0ACME", DANA, Keys(KEY).shut(secret, "T0ACME", DANA), by="test")
        now = await tx.time()
    thread = await world.ask("the analytics pipeline is lagging, why?")
    card = await world.card(thread, "proposal.approve", says="with a second factor")
    await _the_api_gives_no_link_away(world)
    await world.click(NOOR, card, "proposal.approve")
    await world.click(DANA, card, "proposal.approve")
    link = link_in(await world.text(thread, "/step-up/", who=DANA))
    everyone = [m for who in (NOOR, SAM) for m in world.thread(thread, who=who)]
    assert not any("/step-up/" in everything(m) for m in everyone), "the link is for Dana's eyes"
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(link)
        assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
        proposal = re.findall(r"[0-9a-f]{64}", page.text)[0]
        assert proposal[:12] in everything(card) and "shop.restart_consumer" in page.text
        right = {"code": totp.code(secret, now)}
        for headers in ({}, {"origin": "https://evil.example"}, {"origin": "null"}):
            sent = await browser.post(link, data=right, headers=headers)
            assert sent.status_code == 403, "a form of another page counts nothing"
        wrong = await browser.post(link, data={"code": "000 00x"}, headers={"origin": origin})
        assert wrong.status_code == 422 and "not right" in wrong.text and "<form" in wrong.text
        done = await browser.post(link, data=right, headers={"origin": origin})
        assert done.status_code == 200 and "still needs" in done.text
        for again in (await browser.get(link), await browser.post(link, data=right, headers={"origin": origin})):
            assert again.status_code == 409 and "was used" in again.text
        assert (await browser.get(f"{link}x")).status_code == 409

    await world.slack.ui.home(SAM, "home")
    await world.see(lambda: "proposal.approve" in str(world.slack.ui.home_view(SAM)))
    await world.slack.ui.click_in_view(SAM, "proposal.approve")
    link = link_in(await world.see(lambda: world.slack.ui.open_view(SAM)))
    await _log_in(link, origin, provider)

    def said() -> str:
        return everything(next(m for m in world.thread(thread) if m["ts"] == card["ts"]))

    await world.see(lambda: "with TOTP" in said() and "with OIDC" in said(), 40)
    await world.card(thread, "proposal.approve", says="*Backfill", seconds=60)  # the restart ran, and the work goes on


async def _log_in(link: str, origin: str, provider: Provider) -> None:
    """To the provider and back; first the ways that must lead nowhere."""
    trust = {"origin": origin}
    async with httpx.AsyncClient(trust_env=False) as browser, httpx.AsyncClient(trust_env=False) as other:
        assert (await browser.post(f"{link}/oidc")).status_code == 403, "only our own page sends people there"
        evil = {**trust, "host": "evil.example"}
        left = await browser.post(f"{link}/oidc?next=https://evil.example", headers=evil)
        asked = parse_qs(urlsplit(left.headers["location"]).query)
        assert left.status_code == 303 and left.headers["location"].startswith(f"{provider.issuer}/authorize?")
        assert asked["redirect_uri"] == [f"{origin}/step-up/oidc/callback"], "never where the request says"
        cookie = left.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/step-up" in cookie
        browser.cookies.set("step_up", cookie.split("=", 1)[1].split(";")[0])
        back = (await browser.get(left.headers["location"])).headers["location"]
        assert (await other.get(back)).status_code == 409, "another browser's way back"
        bent = re.sub(r"state=[^&]*", "state=x", back)
        assert (await browser.get(bent)).status_code == 409, "another attempt's way back"
        provider.email = "dana@acme.example"
        first = await browser.get(back)
        assert first.status_code == 403 and "somebody else" in first.text, first.text
        provider.email = "sam@acme.example"
        left = await browser.post(f"{link}/oidc", headers=trust)
        browser.cookies.set("step_up", left.headers["set-cookie"].split("=", 1)[1].split(";")[0])
        done = await browser.get((await browser.get(left.headers["location"])).headers["location"])
        assert done.status_code == 200 and "Approved" in done.text, done.text


async def _the_api_gives_no_link_away(world: World) -> None:
    """A token in Dana's name says where to go; it neither votes nor learns the link."""
    token = await a_token(world, DANA, "read", "vote")
    async with httpx.AsyncClient(base_url=f"{world.config.console}/api/v1", trust_env=False) as client:
        headers = {"authorization": f"Bearer {token}", "idempotency-key": "k1"}
        [waiting] = (await client.get("/proposals", headers=headers)).json()["proposals"]
        answer = await client.post(f"/proposals/{waiting['id']}/vote", headers=headers, json={"approve": True})
    assert answer.status_code == 403 and answer.json()["said"] == "step_up"
    assert "step-up/" not in answer.text and "press Approve in Slack" in answer.text
