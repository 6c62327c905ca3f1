"""An app for many workspaces: are its secrets there, and can it speak in each place it was installed in."""

from collections.abc import AsyncIterator

from slack_sdk.errors import SlackApiError

from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.joining import token_keys
from bot.settings import Settings
from bot.slack import manifest
from bot.slack.client import SlackClients
from bot.slack.vault import BadKeys, CannotOpen, Vault
from storage import installations
from storage.db import Database
from storage.installations import Installation
from storage.migrate import current, head

AGAIN = "install the app there again, at /slack/install"


async def check_installs(config: Settings) -> AsyncIterator[Finding]:
    """One finding for each secret, one for each installation. Nothing is refreshed."""
    if config.slack_bot_token:
        fix = "unset SLACK_CLIENT_ID for one workspace, or SLACK_BOT_TOKEN for many"
        yield broken("SLACK_CLIENT_ID", "is set beside SLACK_BOT_TOKEN", fix)
        return
    yield ok("SLACK_CLIENT_ID", f"is set: workspaces install the app at {config.console}/slack/install")
    if not config.console_url:
        says = "is not set; Slack sends browsers to the first Redirect URL of the app"
        yield open_("AUTOPILOT_CONSOLE_URL", says)
    where = "copy it from the app's Basic Information"
    if not config.slack_client_secret:
        yield broken("SLACK_CLIENT_SECRET", "is not set", where)
    if not config.slack_app_token and not config.slack_signing_secret:
        yield broken("SLACK_SIGNING_SECRET", "is not set, and neither is SLACK_APP_TOKEN", where)
    if not config.slack_workspaces:
        says = "is not set, so nobody may install the app"
        yield broken("AUTOPILOT_SLACK_WORKSPACES", says, "list T… and E… ids, or *")
    if config.ops_channel:
        yield broken("AUTOPILOT_OPS_CHANNEL", "is of one workspace", "unset it, and use '/autopilot schedules' in each")
    try:
        vault = Vault(token_keys(config))
    except BadKeys as error:
        yield broken("AUTOPILOT_TOKEN_KEYS", str(error), "make one with 'autopilot installs key'")
        return
    yield ok("AUTOPILOT_TOKEN_KEYS", f"{len(token_keys(config))} set; the first encrypts")
    async for finding in _installed(config, vault):
        yield finding


async def _installed(config: Settings, vault: Vault) -> AsyncIterator[Finding]:
    db, clients = Database(config.database), SlackClients(base_url=config.slack_api_url)
    try:
        rows = await _rows(db)
        if not rows:
            yield open_("workspaces", "none has the app yet")
        for row in rows:
            yield await _of(row, vault, clients)
    finally:
        await clients.close()
        await db.close()


async def _rows(db: Database) -> list[Installation]:
    if await current(db) != head():
        return []  # the database's own finding says so
    async with db.read() as tx:
        return await installations.every(tx)


async def _of(row: Installation, vault: Vault, clients: SlackClients) -> Finding:
    check = f"{'organisation' if row.is_org else 'workspace'} {row.name} ({row.tenant})"
    try:
        tokens = vault.open(row.tenant, row.sealed)
    except CannotOpen as error:
        return broken(check, str(error), AGAIN)
    if row.broken:
        return broken(check, f"its token could not be refreshed ({row.broken})", AGAIN)
    if missing := sorted(set(manifest.scopes()) - set(row.scopes.split(","))):
        return broken(check, f"missing scopes: {', '.join(missing)}", AGAIN)
    try:
        await clients.client(tokens.bot).auth_test()
    except SlackApiError as error:
        if error.response["error"] == "token_expired" and tokens.refresh:
            return ok(check, "its token has expired; the bot refreshes it when it starts")
        return broken(check, f"slack refuses its token ({error.response['error']})", AGAIN)
    except (OSError, TimeoutError) as error:
        return open_(check, f"slack cannot be reached ({type(error).__name__})")
    return ok(check, "the app is installed, with all scopes")
