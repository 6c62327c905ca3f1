"""With many workspaces in one PostgreSQL, what a delivery leads to sees its own workspace's rows only."""

import asyncio
import json
from typing import Any

import pytest
import sqlalchemy as sa
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.app import Narrowed
from bot.slack.porter import Porter
from bot.slack.workspaces import OneWorkspace, Workspace
from storage import tasks
from storage.db import Database, within
from storage.row_security import EVERYTHING
from tests.builders import TENANT, a_new_task

pytestmark = pytest.mark.postgres


async def test_a_listener_and_what_it_begins_see_their_own_workspace_only(migrated_postgres_url: str) -> None:
    db = Database(migrated_postgres_url, sees=EVERYTHING)  # as a process that serves several workspaces is
    for tenant in (TENANT, "T0NEXTDOOR"):
        with within(tenant):
            async with db.write() as tx:
                await tasks.create(tx, a_new_task(tenant=tenant))
    seen: list[list[str]] = []

    async def look() -> None:
        async with db.read() as tx:
            found = await tx.run(sa.text("select tenant from tasks order by tenant"))
            seen.append([row.tenant for row in found])

    async def authorize(**_who: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=TENANT, bot_user_id="U0PILOT", bot_id="B0", bot_token="x")

    client = AsyncWebClient()
    us = OneWorkspace(workspace=Workspace(tenant=TENANT, bot_user="U0PILOT"), one=client, stream=client)
    app = Narrowed(Porter(db=db, workspaces=us), authorize=authorize, process_before_response=True)

    @app.event("app_mention")
    async def mentioned() -> None:
        await look()
        await asyncio.create_task(look())  # as Replies.later begins what may take longer

    event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.2", "text": "hi"}
    body = {"type": "event_callback", "event_id": "Ev1", "team_id": TENANT, "event": event}
    await app.async_dispatch(AsyncBoltRequest(body=json.dumps(body), mode="socket_mode"))
    await look()
    assert seen == [[TENANT], [TENANT], ["T0ACME", "T0NEXTDOOR"]]
    await db.close()
