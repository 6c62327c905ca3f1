"""Slack: are the tokens there, of the right kind, and taken; were the scopes of app_manifest.yml granted."""

from collections.abc import AsyncIterator, Mapping

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.commands.checks.installs import check_installs
from bot.settings import Settings
from bot.slack import manifest
from bot.slack.client import SlackClients

APPS = "https://api.slack.com/apps"
UNREACHABLE = (aiohttp.ClientError, OSError, TimeoutError)
_NEXT = {
    "invalid_auth": "copy it again from the app's pages at " + APPS,
    "not_authed": "copy it again from the app's pages at " + APPS,
    "token_revoked": "install the app to the workspace again and copy the new token",
    "token_expired": "switch token rotation off, install the app again and copy the new token",
    "account_inactive": "install the app to the workspace again and copy the new token",
    "missing_scope": "give the app-level token the scope connections:write",
    "not_allowed_token_type": "the two tokens are swapped, or one is a user token; xoxb- is the bot's, xapp- the app's",
    "ratelimited": "wait a minute and try again",
}


async def check_slack(config: Settings) -> AsyncIterator[Finding]:
    """Everything about Slack that can be seen without taking an event away from a bot that runs."""
    if config.slack_client_id:
        async for finding in check_installs(config):
            yield finding
        return
    bot = _shape("SLACK_BOT_TOKEN", config.slack_bot_token, "xoxb-", "OAuth & Permissions → Bot User OAuth Token")
    app = _shape("SLACK_APP_TOKEN", config.slack_app_token, "xapp-", "Basic Information → App-Level Tokens")
    clients = SlackClients(base_url=config.slack_api_url)
    try:
        if isinstance(bot, Finding):
            yield bot
            yield open_("scopes", "not checked without a bot token")
        else:
            async for finding in _bot(clients.stream_client(bot), config.slack_api_url):
                yield finding
        if not config.slack_app_token and config.slack_signing_secret:
            yield ok("SLACK_SIGNING_SECRET", f"is set: slack comes by signed HTTP to {config.console}/slack/events")
            return
        yield app if isinstance(app, Finding) else await _app(clients.stream_client(""), app, config.slack_api_url)
    finally:
        await clients.close()
    yield open_(
        "events",
        "which events are subscribed cannot be asked with these tokens",
        f"compare Event Subscriptions at {APPS} with app_manifest.yml",
    )


def _shape(name: str, token: SecretStr | None, prefix: str, where: str) -> str | Finding:
    value = token.get_secret_value().strip() if token is not None else ""
    if not value:
        return broken(name, "is not set", f"copy it from {APPS} → {where}; or try 'autopilot demo', which needs none")
    if not value.startswith(prefix):
        return broken(name, f"does not begin with {prefix}", f"copy it from {APPS} → {where}")
    return value


async def _bot(client: AsyncWebClient, url: str) -> AsyncIterator[Finding]:
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        yield _refused("SLACK_BOT_TOKEN", error)
        yield open_("scopes", "not checked while the bot token is refused")
        return
    except UNREACHABLE as error:
        yield _unreachable("SLACK_BOT_TOKEN", url, error)
        yield open_("scopes", "not checked while slack cannot be reached")
        return
    yield ok(
        "SLACK_BOT_TOKEN", f"is taken: bot {answer['user']!r} in workspace {answer['team']!r} ({answer['team_id']})"
    )
    yield _scopes(dict(answer.headers))


def _scopes(headers: Mapping[str, str]) -> Finding:
    told = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if told is None:
        return open_("scopes", "slack did not say which scopes are granted")
    granted = {scope.strip() for scope in told.split(",") if scope.strip()}
    wanted = set(manifest.scopes())
    if missing := sorted(wanted - granted):
        fix = f"add them at {APPS} → OAuth & Permissions, and install the app again"
        return broken("scopes", f"missing: {', '.join(missing)}", fix)
    if extra := sorted(granted - wanted):
        return ok("scopes", f"all {len(wanted)} are granted, and {len(extra)} more than are used: {', '.join(extra)}")
    return ok("scopes", f"all {len(wanted)} of app_manifest.yml are granted")


async def _app(client: AsyncWebClient, token: str, url: str) -> Finding:
    try:
        await client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        return _refused("SLACK_APP_TOKEN", error)
    except UNREACHABLE as error:
        return _unreachable("SLACK_APP_TOKEN", url, error)
    # Not opened for real: slack would send this connection events that the bot is waiting for.
    return ok("SLACK_APP_TOKEN", "is taken; slack offers a Socket Mode connection")


def _refused(name: str, error: SlackApiError) -> Finding:
    why = str(error.response.get("error") or "no reason given")
    return broken(
        name, f"slack refuses it ({why})", _NEXT.get(why, f"look up {why!r} at https://api.slack.com/methods")
    )


def _unreachable(name: str, url: str, error: BaseException) -> Finding:
    return broken(
        name, f"cannot reach {url} ({type(error).__name__})", "check the network, proxy and AUTOPILOT_SLACK_API_URL"
    )
