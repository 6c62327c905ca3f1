"""A browser that installs the app: /slack/install, Slack's own page, and back."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.scenarios.world import World

MANY = {"redirect_urls": ("http://127.0.0.1:PORT/slack/oauth_redirect",), "installed": False}
"""an app for many workspaces"""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A browser that was sent to Slack."""

    authorize: str
    cookie: str

    @property
    def state(self) -> str:
        return parse_qs(urlsplit(self.authorize).query)["state"][0]


async def begin(world: World) -> Begun:
    """Press "Add to Slack"."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(f"{world.config.console}/slack/install")
    assert answer.status_code == 302, answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "Secure" in cookie
    return Begun(authorize=answer.headers["location"], cookie=cookie.partition(";")[0])


async def allow(begun: Begun, where: str) -> str:
    """Press Allow on Slack's page; the address the browser is sent back to."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(begun.authorize)
        assert page.status_code == 200, page.text
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text.replace("&amp;", "&")))
        fields.pop("answer")
        sent = {**fields, "where": where, "answer": "allow"}
        answer = await browser.post(f"{begun.authorize.partition('/oauth')[0]}/oauth/v2/allow", data=sent)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


async def come_back(address: str, cookie: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as browser:
        return await browser.get(address, headers={"cookie": cookie})


async def install(world: World, where: str) -> httpx.Response:
    """The whole way; `where` is a team id, or `team:org` for its organisation."""
    begun = await begin(world)
    return await come_back(await allow(begun, where), begun.cookie)
