"""Case 8: what comes for another workspace, organisation or app, or from outside, is ignored and on the record."""

import json
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.app import Narrowed
from bot.slack.porter import Porter
from bot.slack.workspaces import OneWorkspace, Workspace
from storage import audit
from storage.db import Database
from tests import migrated
from tests.builders import TENANT
from tests.tools.asking import entries


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{migrated.copy_to(tmp_path / 'test.db')}"


def _porter(db: Database) -> Porter:
    client = AsyncWebClient()
    us = Workspace(tenant=TENANT, bot_user="U0PILOT", app="A0PILOT")
    return Porter(db=db, workspaces=OneWorkspace(workspace=us, one=client, stream=client))


def _app(db: Database, heard: list[str]) -> AsyncApp:
    async def authorize(**_who: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=TENANT, bot_user_id="U0PILOT", bot_id="B0", bot_token="x")

    app = Narrowed(_porter(db), authorize=authorize, process_before_response=True)

    @app.event("app_mention")
    async def mentioned(body: dict[str, Any]) -> None:
        heard.append(body["event_id"])

    return app


def _mention(number: int = 1, **changes: Any) -> dict[str, Any]:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.2", "text": "hi", "team": TENANT}
    event |= changes.pop("event", {})
    body = {"type": "event_callback", "event_id": f"Ev{number}", "team_id": TENANT, "api_app_id": "A0PILOT"}
    return {**body, "event": event, **changes}


async def _deliver(app: AsyncApp, body: dict[str, Any]) -> None:
    answer = await app.async_dispatch(AsyncBoltRequest(body=json.dumps(body), mode="socket_mode"))
    assert answer.status == 200, "an ack, or it would come again"


async def test_our_own_people_are_heard(db: Database) -> None:
    heard: list[str] = []
    await _deliver(_app(db, heard), _mention())
    await _deliver(_app(db, heard), _mention(2, event={"user_team": TENANT, "source_team": TENANT}))
    assert heard == ["Ev1", "Ev2"] and await _ignored(db) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"team_id": "T9", "event": {"team": "T9"}}, "not installed"),
        ({"team_id": None, "enterprise_id": "E9"}, "not installed"),
        ({"api_app_id": "A0OTHER"}, "another app's"),
        ({"event": {"user_team": "T9"}}, "another organisation"),
        ({"event": {"source_team": "E9"}}, "another organisation"),
        ({"team_id": "T9", "authorizations": [{"team_id": TENANT}], "event": {"user_team": "T9"}}, "another organ"),
    ],
)
async def test_case_8_a_stranger_is_ignored_and_audited_once(db: Database, changes: dict[str, Any], why: str) -> None:
    heard: list[str] = []
    app = _app(db, heard)
    await _deliver(app, _mention(**changes))
    await _deliver(app, _mention(**changes))  # Slack's own retry
    assert heard == []
    [said] = await _ignored(db)
    assert why in said["why"] and (said["kind"], said["who"]) == ("app_mention", "U1")


async def test_case_8_a_press_of_another_workspace_is_ignored_and_audited(db: Database) -> None:
    press = {"type": "block_actions", "team": {"id": "T9"}, "user": {"id": "U7"}, "trigger_id": "1.2.3"}
    assert not await _porter(db).lets_in({**press, "api_app_id": "A0PILOT"})
    [said] = await _ignored(db)
    assert (said["kind"], said["who"], said["workspace"]) == ("block_actions", "U7", "T9")


async def test_talk_of_partners_in_a_shared_channel_is_one_entry_a_day(db: Database) -> None:
    for number in range(3):
        talk = {"type": "message", "channel_type": "channel", "user_team": "T9", "text": "lunch?"}
        assert not await _porter(db).lets_in(_mention(number, event=talk))
    assert len(await _ignored(db)) == 1


async def _ignored(db: Database) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in await entries(db) if one.event == "ops.request.ignored"]


async def test_of_many_workspaces_each_is_known_and_an_organisations_installation_covers_its_own(db: Database) -> None:
    class Many(OneWorkspace):
        """Installed in a workspace, and in the whole of an organisation."""

        async def tenants(self) -> list[str]:
            return [TENANT, "E1"]

        async def about(self, tenant: str) -> Workspace | None:
            return Workspace(tenant=tenant, bot_user="U0PILOT") if tenant in (TENANT, "E1") else None

    client = AsyncWebClient()
    us = Workspace(tenant=TENANT, bot_user="U0PILOT")
    porter = Porter(db=db, workspaces=Many(workspace=us, one=client, stream=client))
    assert await porter.lets_in(_mention())
    assert await porter.lets_in(_mention(team_id="T5", enterprise_id="E1", event={"team": "T5"}))
    assert not await porter.lets_in(_mention(team_id="T9", event={"team": "T9"}))
    async with db.read() as tx:
        assert [one.event for one in await audit.entries(tx, "T9")] == ["ops.request.ignored"]
    assert await _ignored(db) == []
