"""How Slack is reached: which workspaces this process speaks in, with which tokens, and by which way Slack comes."""

from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.foundation import CannotStart
from bot.settings import Settings
from bot.slack.client import SlackClients
from bot.slack.workspaces import OneWorkspace, Workspace, Workspaces


@dataclass(frozen=True, kw_only=True)
class Joined:
    """What a process needs to speak and to be spoken to."""

    workspaces: Workspaces
    tenant: str
    """the workspace, where it is only one; "" when people can add more"""
    client: AsyncWebClient
    """bolt's own"""
    app_token: str
    """Socket Mode's, for all workspaces; "" when Slack comes by signed HTTP"""
    signing_secret: str


async def join(config: Settings, clients: SlackClients) -> Joined:
    """The one workspace of SLACK_BOT_TOKEN.

    Raises:
        CannotStart: a token is missing or refused, or Slack cannot be reached.
    """
    bot, app, signing = _tokens(config)
    client = clients.client(bot)
    about = await _who_we_are(client)
    one = OneWorkspace(workspace=about, one=client, stream=clients.stream_client(bot))
    return Joined(workspaces=one, tenant=about.tenant, client=client, app_token=app, signing_secret=signing)


def _tokens(config: Settings) -> tuple[str, str, str]:
    """(bot token, app-level token, signing secret): one of the last two, which says how Slack reaches us."""
    bot, app = secret(config.slack_bot_token), secret(config.slack_app_token)
    signing = "" if app else secret(config.slack_signing_secret)
    missing = [name for name, there in (("SLACK_BOT_TOKEN", bot), ("SLACK_APP_TOKEN", app or signing)) if not there]
    if missing:
        raise CannotStart(
            f"{' and '.join(missing)} not set; see 'Connect a real Slack' in the README, or try 'make demo' without any"
        )
    return bot, app, signing


async def _who_we_are(client: AsyncWebClient) -> Workspace:
    try:
        found = await client.auth_test()
    except SlackApiError as error:
        why = error.response["error"]
        raise CannotStart(
            f"slack refuses SLACK_BOT_TOKEN ({why}); copy the Bot User OAuth Token again, then run 'autopilot doctor'"
        ) from None
    except (OSError, TimeoutError, aiohttp.ClientError) as error:
        raise CannotStart(
            f"cannot reach slack at {client.base_url}: {type(error).__name__}; check the network"
        ) from None
    return Workspace(tenant=str(found["team_id"]), bot_user=str(found["user_id"]), url=str(found.get("url") or ""))


def secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
