"""The groups file: does it load, does every source answer, and does Slack know whom it names."""

from collections.abc import AsyncIterator

import httpx
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import settings
from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.commands.checks.slack import UNREACHABLE
from bot.people.build import build
from bot.people.roster import Found, Roster
from bot.settings import BadSettings, Settings
from bot.slack.client import SlackClients
from bot.slack.people import SlackPeople
from bot.slack.workspaces import OneWorkspace, Workspace

NOBODY_COUNTS = "until it does, nobody new is let through as one of its groups"


async def check_people(config: Settings) -> AsyncIterator[Finding]:
    """One finding for the file, one for each source, one for each group that policy cannot use."""
    if config.groups_file is None:
        yield ok("groups", "Slack user groups say who is in which")
        return
    token = config.slack_bot_token.get_secret_value() if config.slack_bot_token else ""
    clients = SlackClients(base_url=config.slack_api_url)
    try:
        client = clients.stream_client(token)
        tenant = await _tenant(client) if token else ""
        async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as http:
            try:
                roster = build(
                    config.groups_file,
                    environ=settings.environment(),
                    client=http,
                    directory=SlackPeople(workspaces=_one(client, tenant)),
                    tenant=tenant,
                )
            except BadSettings as error:
                yield broken("groups", str(error), "correct it, then run 'autopilot doctor' again")
                return
            async for finding in _look(roster, tenant, config):
                yield finding
    finally:
        await clients.close()


def _one(client: AsyncWebClient, tenant: str) -> OneWorkspace:
    return OneWorkspace(workspace=Workspace(tenant=tenant, bot_user=""), one=client, stream=client)


async def _tenant(client: AsyncWebClient) -> str:
    try:
        return str((await client.auth_test())["team_id"])
    except (SlackApiError, *UNREACHABLE):
        return ""


async def _look(roster: Roster, tenant: str, config: Settings) -> AsyncIterator[Finding]:
    count = len(roster.groups)
    yield ok("groups", f"{config.groups_file} says who is in {', '.join(f'@{name}' for name in roster.groups)}")
    if unknown := sorted(roster.groups.keys() - set(config.groups)):
        fix = "add them to AUTOPILOT_GROUPS, or take them out"
        yield open_("groups", f"no rule can ask {', '.join(f'@{name}' for name in unknown)} of these {count}", fix)
    for name in roster.sources:
        if tenant:
            yield _of_source(name, await roster.source(tenant, name))
        else:
            yield open_(f"source {name}", "not asked while Slack does not say which workspace this is")


def _of_source(name: str, found: Found) -> Finding:
    check = f"source {name}"
    if found.why:
        return broken(check, found.why, NOBODY_COUNTS)
    people = ", ".join(sorted(found.ids)) or "nobody"
    if found.strangers:
        strangers = ", ".join(map(_recognisable, sorted(found.strangers)))
        fix = "correct the addresses there or in their Slack profiles"
        return open_(check, f"names {people} now, and {strangers}, who is no active member of the workspace", fix)
    if not found.ids:
        return open_(check, "answers, and names nobody now")
    return ok(check, f"names {people} now")


def _recognisable(address: str) -> str:
    """Enough of an address to find it in a calendar; whole ones are masked wherever findings are printed."""
    name, _, domain = address.partition("@")
    return f"{name[:2]}… at {domain}" if domain else name
