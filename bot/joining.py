"""How Slack is reached: which workspaces this process speaks in, with which tokens, and by which way Slack comes."""

from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from bot.slack.client import SlackClients
from bot.slack.installed import AppSecrets, InstalledWorkspaces
from bot.slack.oauth import OAuth
from bot.slack.oauth import build as build_oauth
from bot.slack.signatures import SigningSecrets
from bot.slack.vault import BadKeys, Vault
from bot.slack.workspaces import OneWorkspace, Workspace, Workspaces
from bot.starting import CannotStart
from storage.db import Database
from storage.row_security import EVERYTHING


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
    signing: SigningSecrets | None
    """None when Slack comes by Socket Mode"""
    oauth: OAuth | None = None
    """how more workspaces come; None with the one of SLACK_BOT_TOKEN"""


def check_tokens(config: Settings) -> None:
    """Pass when what says how Slack is reached is set; to be asked before anything is opened.

    Raises:
        CannotStart: something is missing, or two settings contradict each other.
    """
    if config.slack_old_signing_secret and config.slack_old_signing_secret_until is None:
        raise CannotStart(
            "SLACK_OLD_SIGNING_SECRET is set and SLACK_OLD_SIGNING_SECRET_UNTIL is not: say until when the old one is "
            "good, like 2030-01-31T18:00:00Z"
        )
    if config.slack_client_id:
        _check_many(config)
    else:
        _tokens(config)


async def join(config: Settings, db: Database, clients: SlackClients) -> Joined:
    """Every workspace that installs the app, when SLACK_CLIENT_ID is set; else the one of SLACK_BOT_TOKEN.

    Raises:
        CannotStart: a token or secret is missing or refused, or Slack cannot be reached.
    """
    if config.slack_client_id:
        return await _many(config, db, clients)
    bot, app = _tokens(config)
    client = clients.client(bot)
    about = await _who_we_are(client)
    one = OneWorkspace(workspace=about, one=client, stream=clients.stream_client(bot))
    return Joined(workspaces=one, tenant=about.tenant, client=client, app_token=app, signing=_signing(config))


def _check_many(config: Settings) -> None:
    if config.slack_bot_token:
        raise CannotStart("SLACK_BOT_TOKEN and SLACK_CLIENT_ID are both set; the first is for one workspace, unset one")
    if config.ops_channel:
        raise CannotStart(
            "AUTOPILOT_OPS_CHANNEL is of one workspace; with SLACK_CLIENT_ID, subscribe channels to "
            "digests with '/autopilot schedules' instead, and unset it"
        )
    app, signing = secret(config.slack_app_token), secret(config.slack_signing_secret)
    needed = {
        "SLACK_CLIENT_SECRET": secret(config.slack_client_secret),
        "AUTOPILOT_TOKEN_KEYS": secret(config.token_keys),
        "AUTOPILOT_SLACK_WORKSPACES": config.slack_workspaces,
        "SLACK_SIGNING_SECRET": app or signing,
    }
    if missing := [name for name, there in needed.items() if not there]:
        raise CannotStart(f"{' and '.join(missing)} not set; see docs/several-workspaces.md")


async def _many(config: Settings, db: Database, clients: SlackClients) -> Joined:
    _check_many(config)
    app = secret(config.slack_app_token)
    try:
        vault = Vault(token_keys(config))
    except BadKeys as error:
        raise CannotStart(str(error)) from None
    secrets = AppSecrets(client_id=config.slack_client_id, client_secret=secret(config.slack_client_secret))
    db.sees = EVERYTHING  # narrowed to one workspace at each request and task
    workspaces = InstalledWorkspaces(db=db, vault=vault, clients=clients, secrets=secrets)
    await workspaces.reseal()
    oauth = build_oauth(
        db,
        workspaces,
        welcome=config.slack_workspaces,
        api_url=config.slack_api_url,
        redirect_uri=f"{config.console}/slack/oauth_redirect" if config.console_url else "",
    )
    bolts = clients.client("")
    bolts.token = None  # bolt takes each workspace's own
    return Joined(
        workspaces=workspaces,
        tenant="",
        client=bolts,
        app_token=app,
        signing=_signing(config),
        oauth=oauth,
    )


def _signing(config: Settings) -> SigningSecrets | None:
    """What proves that a request is Slack's; None with Socket Mode, where we go to Slack."""
    if secret(config.slack_app_token):
        return None
    until = config.slack_old_signing_secret_until
    return SigningSecrets(
        secret=secret(config.slack_signing_secret),
        old=secret(config.slack_old_signing_secret),
        old_until=until.timestamp() if until is not None else 0.0,
    )


def token_keys(config: Settings) -> list[str]:
    """The keys that Slack's tokens are sealed with, the one in use first."""
    return [key.strip() for key in secret(config.token_keys).split(",") if key.strip()]


def _tokens(config: Settings) -> tuple[str, str]:
    """(bot token, app-level token); without the second there is a signing secret, and Slack comes to us."""
    bot, app = secret(config.slack_bot_token), secret(config.slack_app_token)
    signing = "" if app else secret(config.slack_signing_secret)
    missing = [name for name, there in (("SLACK_BOT_TOKEN", bot), ("SLACK_APP_TOKEN", app or signing)) if not there]
    if missing:
        raise CannotStart(
            f"{' and '.join(missing)} not set; see 'Connect a real Slack' in the README, or try 'make demo' without any"
        )
    return bot, app


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
    return Workspace(
        tenant=str(found["team_id"]),
        bot_user=str(found["user_id"]),
        url=str(found.get("url") or ""),
        app=await _our_app(client, str(found.get("bot_id") or "")),
    )


async def _our_app(client: AsyncWebClient, bot: str) -> str:
    """The id of the app this token is of; "" where Slack does not say, and then it is not compared."""
    try:
        return str((await client.bots_info(bot=bot))["bot"].get("app_id") or "") if bot else ""
    except (SlackApiError, OSError, TimeoutError, aiohttp.ClientError):
        return ""


def secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
