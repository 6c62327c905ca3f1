"""Who is who by Slack's word: one question for all who ask at once, and a failure is told to all of them."""

import asyncio

from bot.demo.run import MANIFEST
from bot.demo.slack import app_config
from bot.demo.slack.faults import FaultKind
from bot.demo.slack.server import LocalSlack
from bot.slack.client import SlackClients
from bot.slack.people import SlackPeople
from bot.slack.workspaces import OneWorkspace, Workspace
from policy.people import CannotAsk
from tests.scenarios.world import DANA, SAM

TENANT = "T0ACME"


async def test_thirty_copies_of_a_card_ask_once_who_is_in_its_groups() -> None:
    """Slack allows twenty such questions a minute; the thirty-first would come back half a minute later."""
    slack = LocalSlack(app_config=app_config.from_manifest(MANIFEST))
    async with slack.serve():
        clients = SlackClients(base_url=slack.api_url)
        client = clients.client(slack.bot_token)
        one = OneWorkspace(workspace=Workspace(tenant=TENANT, bot_user="U0PILOT"), one=client, stream=client)
        people = SlackPeople(workspaces=one)
        slack.faults.add(FaultKind.ERROR, "usergroups.list", nth=1, error="internal_error")
        failed = await asyncio.gather(*(people.members(TENANT, "operators") for _ in range(30)), return_exceptions=True)
        assert {type(one) for one in failed} == {CannotAsk}
        found = await asyncio.gather(*(people.members(TENANT, "operators") for _ in range(30)))
        actors = await asyncio.gather(*(people.actor(TENANT, who) for who in [DANA, SAM] * 15))
        assert all(DANA in members for members in found) and all(actors)
        asked = {name: len(slack.log.calls(name)) for name in ("usergroups.list", "users.info")}
        assert asked == {"usergroups.list": 2, "users.info": 2}
        await clients.close()
