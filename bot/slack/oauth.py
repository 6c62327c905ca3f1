"""Installing by "Add to Slack": bolt's own flow, on our storage. States are single-use, tokens are sealed at once."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from logging import Logger
from typing import Any

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.error import BoltError
from slack_bolt.logger import get_bolt_logger
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation as SlackInstallation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.slack import manifest
from bot.slack.client import SLACK_URL
from bot.slack.installed import InstalledWorkspaces
from bot.slack.vault import Tokens
from storage import audit, installations
from storage.db import Database
from storage.installations import Installation
from storage.records import JsonObject

STATE_LIFE = 600.0
"""seconds a person has between "Add to Slack" and "Allow" """
ANYWHERE = "*"
_log = structlog.get_logger(__name__)


class NotWelcome(BoltError):
    """Somebody installed the app where operators do not want it."""


@dataclass(frozen=True, kw_only=True)
class OAuth:
    """What bolt needs to install and to authorize."""

    settings: AsyncOAuthSettings
    authorize: AsyncAuthorize


def build(
    db: Database, workspaces: InstalledWorkspaces, *, welcome: Collection[str], api_url: str, redirect_uri: str
) -> OAuth:
    """The flow at /slack/install and /slack/oauth_redirect. `welcome`: ids of workspaces and organisations, or "*"."""
    logger = get_bolt_logger(OAuth)
    authorize = Authorize(workspaces)
    settings = AsyncOAuthSettings(
        client_id=workspaces.secrets.client_id,
        client_secret=workspaces.secrets.client_secret,
        scopes=manifest.scopes(),
        user_scopes=[],
        redirect_uri=redirect_uri or None,
        install_page_rendering_enabled=False,
        authorization_url=_authorize_url(api_url),
        installation_store=Store(db, workspaces, welcome, logger),
        installation_store_bot_only=True,
        state_store=States(db, logger),
        state_expiration_seconds=int(STATE_LIFE),
        callback_options=AsyncCallbackOptions(success=_installed, failure=_not_installed),
    )
    settings.authorize = authorize
    return OAuth(settings=settings, authorize=authorize)


def _authorize_url(api_url: str) -> str:
    at_home = "https://slack.com/oauth/v2/authorize"
    return at_home if api_url == SLACK_URL else api_url.removesuffix("api/") + "oauth/v2/authorize"


class States(AsyncOAuthStateStore):
    """Kept as hashes: who reads the table cannot finish somebody's installation."""

    def __init__(self, db: Database, logger: Logger) -> None:
        self._db, self._logger = db, logger

    @property
    def logger(self) -> Logger:
        return self._logger

    async def async_issue(self, *_args: Any, **_named: Any) -> str:
        state = secrets.token_urlsafe(32)
        async with self._db.write() as tx:
            await installations.issue_state(tx, _hash(state), STATE_LIFE)
        return state

    async def async_consume(self, state: str) -> bool:
        async with self._db.write() as tx:
            return await installations.consume_state(tx, _hash(state))


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


class Store(AsyncInstallationStore):
    """Keeps what an installation brought. Reading is `InstalledWorkspaces`' own."""

    def __init__(self, db: Database, workspaces: InstalledWorkspaces, welcome: Collection[str], logger: Logger) -> None:
        self._db, self._workspaces, self._welcome, self._logger = db, workspaces, frozenset(welcome), logger

    @property
    def logger(self) -> Logger:
        return self._logger

    async def async_save(self, installation: SlackInstallation) -> None:
        """Raises: NotWelcome, after the token was given back."""
        is_org, token = bool(installation.is_enterprise_install), installation.bot_token or ""
        enterprise = installation.enterprise_id or ""
        tenant = (enterprise if is_org else installation.team_id) or ""
        name = (installation.enterprise_name if is_org else installation.team_name) or tenant
        client = self._workspaces.clients.client(token)
        if not {ANYWHERE, tenant, enterprise} & self._welcome:
            _log.warning("the app was installed in a workspace that is not welcome", tenant=tenant)
            try:
                await client.auth_revoke()
            except SlackApiError as error:
                _log.warning("its token could not be given back", why=str(error.response["error"]))
            raise NotWelcome(f"{name} ({tenant}) is not one of the workspaces this installation serves")
        tokens = Tokens(bot=token, refresh=installation.bot_refresh_token or "")
        url = str((await client.auth_test()).get("url") or "")
        row = Installation(
            tenant=tenant,
            enterprise=enterprise,
            is_org=is_org,
            name=name,
            url=url,
            app_id=installation.app_id or "",
            bot_id=installation.bot_id or "",
            bot_user=installation.bot_user_id or "",
            scopes=",".join(installation.bot_scopes or ()),
            sealed=self._workspaces.vault.seal(tenant, tokens),
            expires_at=float(installation.bot_token_expires_at) if installation.bot_token_expires_at else None,
            version=1,
            broken="",
            installed_by=installation.user_id or "",
        )
        async with self._db.write() as tx:
            await installations.save(tx, row)
            body: JsonObject = {"by": row.installed_by, "name": name, "enterprise": enterprise, "org": is_org}
            await audit.append(tx, tenant, "ops.workspace.installed", body={**body, "scopes": row.scopes})
        self._workspaces.forget(tenant)
        _log.info("the app was installed", tenant=tenant, org=is_org)


class Authorize(AsyncAuthorize):
    """Whose event it is, and with which token it may be answered: our own storage says, Slack is not asked."""

    def __init__(self, workspaces: InstalledWorkspaces) -> None:
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: Any,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        **_actor: Any,
    ) -> AuthorizeResult | None:
        is_org = bool(context.is_enterprise_install)
        found = await self._workspaces.of_event(team_id, enterprise_id, is_org=is_org)
        if found is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=found.bot_user,
            bot_id=found.bot_id,
            bot_token=await self._workspaces.token(found.tenant),
            user_id=user_id,
            bot_scopes=found.scopes,
        )


async def _installed(args: AsyncSuccessArgs) -> BoltResponse:
    found = args.installation
    name = found.enterprise_name if found.is_enterprise_install else found.team_name
    where = escape(name or "your workspace")
    return _page(200, f"Autopilot is installed in {where}. In Slack, invite it to a channel and mention it.")


_WHY = {
    "access_denied": "Nothing was installed: the request was cancelled.",
    "invalid_browser": "This link was begun in another browser. Begin again at /slack/install.",
    "invalid_state": "This link was used before, or more than ten minutes ago. Begin again at /slack/install.",
    "invalid_code": "Slack did not accept this installation. Begin again at /slack/install.",
    "missing_code": "Slack sent no code. Begin again at /slack/install.",
}


async def _not_installed(args: AsyncFailureArgs) -> BoltResponse:
    if isinstance(args.error, NotWelcome):
        said = f"{args.error}. Its operator can add it to AUTOPILOT_SLACK_WORKSPACES."
        return _page(403, escape(said))
    return _page(args.suggested_status_code, _WHY.get(args.reason, "The installation failed. Begin again."))


def _page(status: int, said: str) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'",
        "Referrer-Policy": "no-referrer",  # the address holds the code
        "Cache-Control": "no-store",
    }
    return BoltResponse(status=status, body=f"<!doctype html><title>Autopilot</title><p>{said}</p>", headers=headers)
