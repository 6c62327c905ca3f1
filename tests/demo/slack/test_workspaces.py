"""Several workspaces on one local Slack: each call is answered where its token is good."""

import httpx
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.app_config import AppConfig
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.workspace import demo_workspace


def _granted(slack: LocalSlack, team: str, *, org: bool = False) -> AsyncWebClient:
    install = slack.grid.allow(team, "U0DANA", slack.app_config.scopes, org=org)
    granted = slack.installs.exchange(slack.installs.code(install, "http://x"), None)
    return AsyncWebClient(token=granted.token, base_url=slack.api_url)


async def _refusal(client: AsyncWebClient, method: str, **arguments: object) -> str:
    try:
        await client.api_call(method, params=arguments)
    except SlackApiError as error:
        return str(error.response["error"])
    return ""


async def test_a_token_opens_its_own_workspace_only(slack: LocalSlack) -> None:
    slack.add(demo_workspace(team_id="T0BETA", name="Beta", mark="1"))
    client = _granted(slack, "T0BETA")
    assert (await client.auth_test())["team_id"] == "T0BETA"
    assert await _refusal(client, "chat.postMessage", channel="C0OPS", text="hi") == "channel_not_found"
    assert await _refusal(client, "chat.postMessage", channel="C1OPS", text="hi") == ""
    assert "xoxb" not in str(slack.log.entries)


async def test_an_organisations_token_must_say_which_workspace_where_no_id_does(slack: LocalSlack) -> None:
    for mark in ("2", "3"):
        slack.add(demo_workspace(team_id=f"T{mark}", name=mark, mark=mark, enterprise_id="E1", enterprise_name="E"))
    client = _granted(slack, "T2", org=True)
    assert await _refusal(client, "usergroups.list") == "missing_argument"
    found = await client.usergroups_list(team_id="T3")
    assert {group["team_id"] for group in found["usergroups"]} == {"T3"}
    assert (await client.users_info(user="U3ANA"))["user"]["enterprise_user"]["teams"] == ["T3"]
    assert await _refusal(client, "chat.postMessage", channel="C0OPS", text="hi") == "channel_not_found"


async def test_an_app_that_was_removed_hears_it_and_can_do_nothing(slack: LocalSlack) -> None:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = slack.app_config
    assert await _refusal(client, "apps.uninstall", client_id="9", client_secret=app.client_secret) == (
        "invalid_client_id"
    )
    assert await _refusal(client, "apps.uninstall", client_id=app.client_id, client_secret=app.client_secret) == ""
    assert await _refusal(client, "auth.test") == "account_inactive"


async def test_the_control_door_adds_uninstalls_and_writes(slack: LocalSlack) -> None:
    async with httpx.AsyncClient(base_url=slack.base_url, trust_env=False) as control:
        new = {"team_id": "T0BETA", "name": "Beta", "mark": "1"}
        assert (await control.post("/control/workspaces", json=new)).json() == {"ok": True}
        assert (await control.post("/control/workspaces", json=new)).status_code == 400
        sent = {"team_id": "T0BETA", "as": "U1ANA", "channel": "ops", "text": "hello"}
        assert (await control.post("/control/send", json=sent)).json()["ok"] is True
        assert (await control.post("/control/uninstall", json={"team_id": "T0BETA"})).status_code == 404
        assert (await control.post("/control/uninstall", json={"team_id": "T0ACME"})).json() == {"ok": True}
        shown = (await control.get("/control/workspaces")).json()["workspaces"]
    assert {one["team_id"]: one["installed"] for one in shown} == {"T0ACME": False, "T0BETA": False}


async def test_the_control_door_archives_deactivates_and_narrows(slack: LocalSlack) -> None:
    """What tests in other processes need for the unhappy stories; each is as the bot sees it in Slack."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    async with httpx.AsyncClient(base_url=f"{slack.base_url}/control/", trust_env=False) as control:
        acme = {"team_id": "T0ACME"}
        files = {"a.log": "it failed"}
        sent = {**acme, "as": "U0ANA", "channel": "ops", "text": "", "files": files}
        ts = (await control.post("send", json=sent)).json()["ts"]
        assert slack.ui.messages("ops")[-1]["ts"] == ts and slack.ui.messages("ops")[-1]["files"][0]["name"] == "a.log"
        assert (await control.post("channel", json={**acme, "channel": "ops", "archived": True})).json()["ok"]
        assert await _refusal(client, "chat.postMessage", channel="C0OPS", text="hi") == "is_archived"
        back = {**acme, "channel": "ops", "archived": False, "has_app": False}
        assert (await control.post("channel", json=back)).json()["ok"]
        assert await _refusal(client, "chat.postMessage", channel="C0OPS", text="hi") == "not_in_channel"
        assert (await control.post("person", json={**acme, "user": "U0DANA", "deactivated": True})).json()["ok"]
        assert (await client.users_info(user="U0DANA"))["user"]["deleted"] is True
        assert (await control.post("person", json={**acme, "user": "U9", "deactivated": True})).status_code == 404
        assert (await control.post("channel", json={**acme, "channel": "nowhere"})).status_code == 404
        assert (await control.post("take_from", json=acme)).status_code == 404
        for mark in ("2", "3"):
            slack.add(
                demo_workspace(team_id=f"T0{mark}", name=mark, mark=mark, enterprise_id="E1", enterprise_name="E")
            )
        whole = _granted(slack, "T02", org=True)
        assert [one["id"] for one in (await whole.auth_teams_list())["teams"]] == ["T02", "T03"]
        assert (await control.post("take_from", json={"team_id": "T03"})).json()["ok"]
        assert [one["id"] for one in (await whole.auth_teams_list())["teams"]] == ["T02"]


async def test_a_code_works_once_and_only_with_the_apps_secret() -> None:
    async with LocalSlack(app_config=AppConfig(installed=False, token_rotation=True)).serve() as slack:
        app, client = slack.app_config, AsyncWebClient(base_url=slack.api_url)
        code = slack.installs.code(slack.grid.allow("T0ACME", "U0DANA", app.scopes), "http://x")
        about = {"client_id": app.client_id, "code": code}
        assert await _refusal(client, "oauth.v2.access", **about, client_secret="no") == "bad_client_secret"
        assert await _refusal(client, "oauth.v2.access", **about, client_secret=app.client_secret) == ""
        assert await _refusal(client, "oauth.v2.access", **about, client_secret=app.client_secret) == (
            "code_already_used"
        )
