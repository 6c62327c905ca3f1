"""Tokens of installed workspaces: sealed, refreshed by one process for all, and given up when they are gone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from slack_sdk.errors import SlackApiError

from bot.demo.slack.app_config import AppConfig
from bot.demo.slack.server import LocalSlack
from bot.slack.client import SlackClients
from bot.slack.departures import Departures
from bot.slack.installed import AppSecrets, InstalledWorkspaces
from bot.slack.vault import BadKeys, CannotOpen, Tokens, Vault, new_key
from storage import installations
from storage.db import Database
from storage.installations import Installation
from storage.tables import installations as table

ACME = "T0ACME"
KEY = new_key()


@dataclass
class Place:
    """A Slack whose app rotates tokens, and any number of our processes on one database."""

    slack: LocalSlack
    db: Database
    clients: SlackClients

    def process(self, *keys: str) -> InstalledWorkspaces:
        app = self.slack.app_config
        secrets = AppSecrets(client_id=app.client_id, client_secret=app.client_secret)
        return InstalledWorkspaces(db=self.db, vault=Vault(keys or (KEY,)), clients=self.clients, secrets=secrets)

    async def install(self, *, tenant: str = ACME, life: float = 43_200.0) -> Tokens:
        """The app is installed, with a token that lives for `life` seconds."""
        self.slack.installs.life = life
        install = self.slack.grid.allow(ACME, "U0DANA", self.slack.app_config.scopes)
        granted = self.slack.installs.exchange(self.slack.installs.code(install, "http://x"), None)
        tokens = Tokens(bot=granted.token, refresh=granted.refresh_token)
        async with self.db.write() as tx:
            now = await tx.time()
            row = Installation(
                tenant=tenant,
                enterprise="",
                is_org=False,
                name="Acme",
                url="",
                app_id="A0PILOT",
                bot_id="B0PILOT",
                bot_user="U0PILOT",
                scopes="chat:write",
                sealed=Vault([KEY]).seal(tenant, tokens),
                expires_at=now + life,
                version=1,
                broken="",
                installed_by="U0DANA",
            )
            await installations.save(tx, row)
        self.slack.installs.life = 43_200.0
        return tokens

    def refreshes(self) -> int:
        return len(self.slack.log.calls("oauth.v2.access"))


@pytest.fixture
async def place(db: Database) -> AsyncIterator[Place]:
    async with LocalSlack(app_config=AppConfig(token_rotation=True, installed=False)).serve() as slack:
        clients = SlackClients(base_url=slack.api_url)
        yield Place(slack=slack, db=db, clients=clients)
        await clients.close()


async def test_an_expired_token_is_refreshed_once_by_whichever_process_comes_first(place: Place) -> None:
    """Ten calls at once in each of three processes; the refresh token works once, and everybody gets the new pair."""
    await place.install(life=0.0)
    processes = [place.process() for _ in range(3)]
    calls = [process.client(ACME).auth_test() for process in processes for _ in range(10)]
    answers = await asyncio.gather(*calls)
    assert all(answer["ok"] for answer in answers)
    assert place.refreshes() == 1
    async with place.db.read() as tx:
        row = await installations.find(tx, ACME)
    assert row is not None and row.version == 2 and row.broken == ""
    assert "xox" not in row.sealed


async def test_nobody_waits_for_a_refresh_while_the_old_token_is_good(place: Place) -> None:
    old = await place.install(life=600.0)  # near its end, but good
    process = place.process()
    assert await process.token(ACME) == old.bot
    await process.close()
    fresh = await process.token(ACME)
    assert fresh != old.bot and place.refreshes() == 1


async def test_a_call_that_is_cancelled_loses_no_refresh_token(place: Place) -> None:
    """A refresh token is spent when Slack sees it; what came back for it is kept although nobody waits any more."""
    await place.install(life=0.0)
    process = place.process()
    asking = asyncio.create_task(process.token(ACME))
    await place.slack.wait_for(lambda: place.refreshes() or process._refreshing, 10)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await process.close()
    assert (await place.process().client(ACME).auth_test())["ok"] and place.refreshes() == 1


async def test_a_refresh_token_that_slack_does_not_know_is_noted_once(place: Place) -> None:
    """Only a new installation helps: Slack is not asked again and again, and its own refusal comes back."""
    tokens = await place.install(life=0.0)
    place.slack.installs.refresh(tokens.refresh)  # spent by somebody who then died
    process = place.process()
    for _ in range(3):
        with pytest.raises(SlackApiError, match="token_expired"):
            await process.client(ACME).auth_test()
    assert place.refreshes() == 1
    async with place.db.read() as tx:
        row = await installations.find(tx, ACME)
    assert row is not None and row.broken == "invalid_refresh_token"
    await place.install()
    assert (await place.process().client(ACME).auth_test())["ok"]


async def test_a_new_installation_is_used_although_the_old_token_was_remembered(place: Place) -> None:
    old = await place.install()
    process = place.process()
    assert (await process.client(ACME).auth_test())["ok"]
    place.slack.installs.revoke(old.bot)
    await place.install()
    assert (await process.client(ACME).auth_test())["ok"]


async def test_a_workspace_without_the_app_is_refused_without_asking_slack(place: Place) -> None:
    with pytest.raises(SlackApiError, match="account_inactive"):
        await place.process().client("T0NOBODY").chat_postMessage(channel="C1", text="hi")
    assert place.slack.log.calls("chat.postMessage") == []


async def test_keys_follow_one_another(place: Place) -> None:
    """With the new key in front of the old one, a start seals everything anew; then the old one can go."""
    new = new_key()
    tokens = await place.install()
    await place.process(new, KEY).reseal()
    assert await place.process(new).token(ACME) == tokens.bot
    assert await place.process(KEY).about(ACME) is None


async def test_tokens_copied_to_another_workspace_open_nowhere(place: Place) -> None:
    """Who can write to the database cannot make one workspace speak with another's token."""
    await place.install()
    await place.install(tenant="T0OTHER")
    async with place.db.write() as tx:
        stolen = sa.select(table.c.sealed).where(table.c.tenant == ACME).scalar_subquery()
        await tx.run(table.update().where(table.c.tenant == "T0OTHER").values(sealed=stolen))
    assert await place.process().about("T0OTHER") is None
    with pytest.raises(CannotOpen, match="another workspace"):
        Vault([KEY]).open("T0OTHER", Vault([KEY]).seal(ACME, Tokens(bot="xoxb-1")))


async def test_word_of_a_departure_that_comes_late_does_not_undo_a_new_installation(place: Place) -> None:
    await place.install()
    process = place.process()
    departures = Departures(db=place.db, workspaces=process)
    await departures.look(ACME, "")
    async with place.db.read() as tx:
        assert await installations.find(tx, ACME) is not None
    install = place.slack.installs.of(place.slack.workspace)
    assert install is not None
    place.slack.installs.uninstall(install)
    await departures.look(ACME, "")
    async with place.db.read() as tx:
        assert await installations.find(tx, ACME) is None


def test_a_bad_key_is_named_without_being_shown() -> None:
    with pytest.raises(BadKeys) as caught:
        Vault(["not-a-key-but-secret"])
    assert "AUTOPILOT_TOKEN_KEYS" in str(caught.value) and "not-a-key" not in str(caught.value)
    assert "xoxb-1" not in repr(Tokens(bot="xoxb-1")) and "xoxb-1" not in f"{Tokens(bot='xoxb-1')}"


async def test_a_state_works_once_and_not_after_its_time(db: Database) -> None:
    async with db.write() as tx:
        await installations.issue_state(tx, "one", 600.0)
        await installations.issue_state(tx, "late", -1.0)
    async with db.write() as tx:
        found = [await installations.consume_state(tx, state) for state in ("one", "one", "late", "never")]
    assert found == [True, False, False, False]
