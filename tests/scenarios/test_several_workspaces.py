"""One bot, several workspaces: installed in the browser, each with its own people, tokens and messages."""

import asyncio
import logging
from pathlib import Path

import pytest

from bot.demo.slack.grid import Site
from bot.demo.slack.workspace import demo_workspace
from storage import audit, installations, tasks
from storage.records import TaskState
from tests.scenarios.installing import MANY, allow, begin, come_back, install
from tests.scenarios.world import DANA, INCIDENTS, World, a_world, action_ids, everything

BETA = "T0BETA"


def _beta(world: World) -> Site:
    return world.slack.add(demo_workspace(team_id=BETA, name="Beta", mark="1"))


async def _says(world: World, site: Site, channel: str, thread: str, words: str) -> None:
    def look() -> bool:
        found = site.ui.messages(channel, as_=next(iter(site.office.workspace.people)), thread_ts=thread)
        return any(words in everything(message) for message in found)

    await world.see(look, 60)


@pytest.mark.parametrize("signed_http", [False, True])
async def test_two_workspaces_are_served_side_by_side_and_one_that_leaves_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, signed_http: bool
) -> None:
    """Each answer, card, command and Home comes by its own workspace's token; no token is ever logged."""
    caplog.set_level(logging.DEBUG)
    async with a_world(tmp_path, monkeypatch.setenv, app=MANY, signed_http=signed_http) as world:
        beta, slack = _beta(world), world.slack
        assert (await install(world, "T0ACME")).status_code == 200
        assert (await install(world, BETA)).status_code == 200
        first = await world.ask("checkout is failing")
        other = str((await beta.ui.send("U1ANA", "C1INCIDENTS", "@autopilot checkout is failing"))["ts"])
        card = await world.card(first, "proposal.approve", seconds=60)

        def card_of_beta() -> object:
            found = beta.ui.messages("C1INCIDENTS", as_="U1DANA", thread_ts=other)
            return next((m for m in found if "proposal.approve" in action_ids(m)), None)

        assert await world.see(card_of_beta, 60)
        assert "U0ANA" in everything(card) and "U1" not in everything(card)
        await world.click(DANA, card, "proposal.approve")
        await world.text(first, "Done and verified", seconds=60)
        await beta.ui.home("U1DANA")
        assert await world.see(lambda: beta.ui.home_view("U1DANA"))
        assert await beta.ui.command("U1ANA", "C1INCIDENTS", "/autopilot", "tasks") == {"ok": True}

        install_of_beta = slack.installs.of(beta.office.workspace)
        assert install_of_beta is not None
        slack.installs.uninstall(install_of_beta)
        async with world.database() as db:

            async def gone() -> bool:
                async with db.read() as tx:
                    return await installations.tenants(tx) == ["T0ACME"]

            async with asyncio.timeout(60):
                while not await gone():  # noqa: ASYNC110 - a database has no event for it
                    await asyncio.sleep(0.05)
            async with db.read() as tx:
                states = {task.state for task in await tasks.recent(tx, BETA)}
                kinds = [entry.event for entry in await audit.entries(tx, BETA)]
        assert states == {TaskState.CANCELLED}
        assert "ops.workspace.left" in kinds
        await world.text(await world.ask("is checkout failing?"), "is well now", seconds=60)
    secrets = [*slack.installs._tokens, *slack.installs._refresh, slack.app_config.client_secret]
    assert secrets and not [s for s in secrets if s in caplog.text]


async def test_an_installation_is_finished_once_in_its_own_browser_and_where_it_is_welcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, app=MANY) as world:
        world.slack.add(demo_workspace(team_id="T0STRANGER", name="Stranger", mark="9"))
        begun, another = await begin(world), await begin(world)
        address = await allow(begun, "T0ACME")
        assert (await come_back(address, another.cookie)).status_code == 400
        forged = address.replace(begun.state, "x" * len(begun.state))
        assert (await come_back(forged, f"slack-app-oauth-state={'x' * len(begun.state)}")).status_code == 401
        assert (await come_back(address, begun.cookie)).status_code == 200
        again = await come_back(address, begun.cookie)
        assert again.status_code == 401 and "used before" in again.text

        refused = await install(world, "T0STRANGER")
        assert refused.status_code == 403 and "AUTOPILOT_SLACK_WORKSPACES" in refused.text
        assert world.slack.installs.of(world.slack.grid.sites["T0STRANGER"].office.workspace) is None
        async with world.database() as db, db.read() as tx:
            [row] = await installations.every(tx)
        assert row.tenant == "T0ACME" and "xoxb" not in row.sealed


@pytest.mark.parametrize("signed_http", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_an_organisations_installation_speaks_in_each_of_its_workspaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signed_http: bool
) -> None:
    """The token is the organisation's; tasks, people and votes are each workspace's own, and one can leave alone."""
    async with a_world(tmp_path, monkeypatch.setenv, app=MANY, signed_http=signed_http) as world:
        grid = {"enterprise_id": "E0ORG", "enterprise_name": "Org"}
        north = world.slack.add(demo_workspace(team_id="T0NORTH", name="North", mark="2", **grid))
        south = world.slack.add(demo_workspace(team_id="T0SOUTH", name="South", mark="3", **grid))
        assert (await install(world, "T0NORTH:org")).status_code == 200
        asked = {
            "2": (north, str((await north.ui.send("U2ANA", "C2INCIDENTS", "@autopilot checkout is failing"))["ts"])),
            "3": (south, str((await south.ui.send("U3ANA", "C3INCIDENTS", "@autopilot checkout is failing"))["ts"])),
        }
        for mark, (site, thread) in asked.items():

            def card(site: Site = site, thread: str = thread, mark: str = mark) -> object:
                found = site.ui.messages(f"C{mark}INCIDENTS", as_=f"U{mark}DANA", thread_ts=thread)
                return next((m for m in found if "proposal.approve" in action_ids(m)), None)

            shown: dict[str, str] = await world.see(card, 60)
            await site.ui.click(f"U{mark}DANA", f"C{mark}INCIDENTS", str(shown["ts"]), "proposal.approve")
            await _says(world, site, f"C{mark}INCIDENTS", thread, "Done and verified")
            break  # both write to one shop: the second card is only looked at
        async with world.database() as db:
            async with db.read() as tx:
                assert await installations.tenants(tx) == ["T0NORTH", "T0SOUTH"]
                assert len(await tasks.recent(tx, "T0NORTH")) == len(await tasks.recent(tx, "T0SOUTH")) == 1
                assert await tasks.recent(tx, "E0ORG") == []
            whole = world.slack.installs.of(south.office.workspace)
            assert whole is not None
            world.slack.installs.take_from(whole, "T0SOUTH")

            async def left() -> bool:
                async with db.read() as tx:
                    return await installations.tenants(tx) == ["T0NORTH"]

            async with asyncio.timeout(60):
                while not await left():  # noqa: ASYNC110 - a database has no event for it
                    await asyncio.sleep(0.05)
            async with db.read() as tx:
                assert {task.state for task in await tasks.recent(tx, "T0SOUTH")} == {TaskState.CANCELLED}
                assert "ops.workspace.left" in [entry.event for entry in await audit.entries(tx, "T0SOUTH")]
                assert [one.tenant for one in await installations.every(tx)] == ["E0ORG"]
        assert INCIDENTS not in str([call.body for call in world.slack.log.calls("chat.postMessage")])
