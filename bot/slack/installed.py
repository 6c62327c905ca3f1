"""Every workspace that installed the app: its tokens from storage, refreshed in time by one process for all."""

import asyncio
import contextvars
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.client import SlackClients, WatchedClient
from bot.slack.pacing import Pace
from bot.slack.vault import CannotOpen, Tokens, Vault
from bot.slack.workspaces import MissingScope, Workspace, refused
from storage import installations
from storage.db import Database
from storage.ids import new_id
from storage.installations import Installation

FRESH = 60.0
"""seconds an installation is used as it was read; another replica may have removed it"""
EARLY = 1_800.0
"""seconds before its end a token is refreshed; the old one is good meanwhile, so nobody waits for it"""
LEASE = 30.0
"""seconds one process has for a refresh before another may try"""
LOOK = 0.25
STALE = frozenset({"token_expired", "token_revoked", "invalid_auth", "account_inactive", "not_authed"})
"""what Slack says of a token that another process may have replaced"""
_LOST = ("invalid_refresh_token", "invalid_client_id", "bad_client_secret", "token_revoked", "account_inactive")
Result = TypeVar("Result")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class AppSecrets:
    """What the app proves itself with when it asks for tokens."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(kw_only=True)
class _Held:
    row: Installation
    tokens: Tokens
    read_at: float


@dataclass
class InstalledWorkspaces:
    """The Workspaces of an app that anybody may install."""

    db: Database
    vault: Vault
    clients: SlackClients
    secrets: AppSecrets
    on_missing_scope: MissingScope | None = None
    name: str = field(default_factory=lambda: new_id("i"))
    _held: dict[str, _Held | None] = field(default_factory=dict)
    _clients: dict[tuple[str, bool], AsyncWebClient] = field(default_factory=dict)
    _paces: dict[str, Pace] = field(default_factory=dict)
    _refreshing: dict[str, asyncio.Task[str]] = field(default_factory=dict)

    def client(self, tenant: str) -> AsyncWebClient:
        return self._client(tenant, stream=False)

    def streams(self, tenant: str) -> AsyncWebClient:
        return self._client(tenant, stream=True)

    def _client(self, tenant: str, *, stream: bool) -> AsyncWebClient:
        if (tenant, stream) not in self._clients:
            like = self.clients.stream_client("") if stream else self.clients.client("")
            made = self._clients[tenant, stream] = TokenClient(self, tenant, like)
            if (tell := self.on_missing_scope) is not None:
                made.on_missing_scope = partial(tell, tenant)
        return self._clients[tenant, stream]

    def pace(self, tenant: str) -> Pace:
        return self._paces.setdefault(tenant, Pace())

    async def about(self, tenant: str) -> Workspace | None:
        held = await self._hold(tenant)
        if held is None:
            return None
        return Workspace(tenant=tenant, bot_user=held.row.bot_user, url=held.row.url, app=held.row.app_id)

    async def bot_user(self, tenant: str) -> str:
        us = await self.about(tenant)
        return us.bot_user if us is not None else ""

    async def tenants(self) -> list[str]:
        async with self.db.read() as tx:
            return await installations.tenants(tx)

    async def of_event(self, team: str | None, enterprise: str | None, *, is_org: bool) -> Installation | None:
        """The installation an event came for. A workspace of an organisation is noted when it is first heard of."""
        held = await self._hold(team or enterprise or "")
        if held is not None or not (is_org and team and enterprise):
            return held.row if held is not None else None
        whole = await self._hold(enterprise)
        if whole is None or not whole.row.is_org:
            return None
        await _for_all(self._note(team, enterprise))
        self._held.pop(team, None)
        return whole.row

    async def reseal(self) -> None:
        """Bring every installation's tokens under the first key, so that older keys can be taken away."""
        async with self.db.read() as tx:
            rows = await installations.every(tx)
        for row in rows:
            try:
                sealed = self.vault.reseal(row.sealed)
            except CannotOpen as error:
                _log.error("tokens cannot be opened", tenant=row.tenant, why=str(error))
                continue
            async with self.db.write() as tx:
                await installations.reseal(tx, row, sealed)

    async def token(self, tenant: str) -> str:
        """The bot token to use now.

        Raises: SlackApiError `account_inactive` where the app is not installed.
        """
        held = await self._hold(tenant)
        if held is None:
            raise refused("account_inactive")
        if held.row.expires_at is None or held.row.expires_at - time.time() > EARLY:
            return held.tokens.bot
        return await self._renewed(held)

    async def again(self, tenant: str, used: str) -> str | None:
        """Another token than the one Slack did not take; None when there is none."""
        self._held.pop(tenant, None)
        held = await self._hold(tenant)
        if held is None:
            return None
        if held.tokens.bot == used and held.tokens.refresh:
            return fresh if (fresh := await self._renewed(held, used=used)) != used else None
        return held.tokens.bot if held.tokens.bot != used else None

    def forget(self, tenant: str) -> None:
        """Drop what is remembered: something changed in storage."""
        for key in [key for key, held in self._held.items() if key == tenant or (held and held.row.tenant == tenant)]:
            self._held.pop(key)

    async def _hold(self, tenant: str) -> _Held | None:
        held = self._held.get(tenant)
        if held is not None and time.monotonic() - held.read_at < FRESH:
            return held
        row = await _for_all(self._find(tenant))
        if row is None:
            self._held.pop(tenant, None)
            return None
        try:
            found = _Held(row=row, tokens=self.vault.open(row.tenant, row.sealed), read_at=time.monotonic())
        except CannotOpen as error:
            _log.error("a workspace cannot be spoken in", why=str(error))
            return None
        if len(self._held) > 5_000:
            self._held.clear()
        self._held[tenant] = found
        return found

    async def _find(self, tenant: str) -> Installation | None:
        async with self.db.read() as tx:
            return await installations.find(tx, tenant)

    async def _note(self, team: str, enterprise: str) -> None:
        async with self.db.write() as tx:
            await installations.belongs(tx, team, enterprise)

    # --- refreshing ---------------------------------------------------------------------------------------

    async def _renewed(self, held: _Held, *, used: str = "") -> str:
        """A good token: the old one while it lasts, the new one afterwards. `used`: Slack has just refused this one."""
        tenant = held.row.tenant
        task = self._refreshing.get(tenant)
        if task is None:
            task = self._refreshing[tenant] = asyncio.create_task(
                self._renew(held, used), context=contextvars.Context()
            )
            task.add_done_callback(lambda done: self._ended(tenant, done))
        if _still_good(held, used):
            return held.tokens.bot
        return await asyncio.shield(task)  # a refresh token works once: what Slack gives for it must be kept

    def _ended(self, tenant: str, task: asyncio.Task[str]) -> None:
        self._refreshing.pop(tenant, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("a workspace's token was not refreshed", tenant=tenant, why=type(error).__name__)

    async def close(self) -> None:
        """Wait for refreshes under way."""
        if self._refreshing:
            await asyncio.wait(self._refreshing.values(), timeout=LEASE)

    async def _renew(self, held: _Held, used: str) -> str:
        """Refresh when no other process does, else wait for what that one stores."""
        tenant, until = held.row.tenant, time.monotonic() + LEASE + LOOK
        while True:
            async with self.db.read() as tx:
                row = await installations.find(tx, tenant)
            if row is None:
                self.forget(tenant)
                raise refused("account_inactive")
            now = _Held(row=row, tokens=self.vault.open(row.tenant, row.sealed), read_at=time.monotonic())
            if row.version != held.row.version or row.broken:
                self.forget(tenant)
                return now.tokens.bot
            async with self.db.write() as tx:
                mine = await installations.begin_refresh(tx, row, owner=self.name, lease=LEASE)
            if mine:
                return await self._refresh(now)
            if _still_good(now, used) or time.monotonic() > until:
                return now.tokens.bot
            await asyncio.sleep(LOOK)

    async def _refresh(self, held: _Held) -> str:
        row = held.row
        try:
            answer = await self.clients.stream_client("").oauth_v2_access(
                client_id=self.secrets.client_id,
                client_secret=self.secrets.client_secret,
                grant_type="refresh_token",
                refresh_token=held.tokens.refresh,
            )
        except Exception as error:
            why = str(error.response["error"]) if isinstance(error, SlackApiError) else type(error).__name__
            _log.error("a workspace's token could not be refreshed", tenant=row.tenant, why=why)
            if why in _LOST:  # else the lease runs out, and somebody tries again
                async with self.db.write() as tx:
                    await installations.not_refreshed(tx, row, owner=self.name, broken=why)
                self.forget(row.tenant)
            return held.tokens.bot
        tokens = Tokens(bot=str(answer["access_token"]), refresh=str(answer["refresh_token"]))
        sealed = self.vault.seal(row.tenant, tokens)
        async with self.db.write() as tx:
            await installations.refreshed(tx, row, owner=self.name, sealed=sealed, life=float(answer["expires_in"]))
        self.forget(row.tenant)
        _log.info("a workspace's token was refreshed", tenant=row.tenant)
        return tokens.bot


async def _for_all(work: Coroutine[Any, Any, Result]) -> Result:
    """What is looked up for a workspace may be its organisation's: the caller's narrowing to one tenant is left."""
    return await asyncio.create_task(work, context=contextvars.Context())


def _still_good(held: _Held, used: str) -> bool:
    return held.tokens.bot != used and (held.row.expires_at or 0.0) - time.time() > 1.0


class TokenClient(WatchedClient):
    """A client that takes its workspace's token anew for each call, and once more when Slack does not know it."""

    def __init__(self, source: InstalledWorkspaces, tenant: str, like: AsyncWebClient) -> None:
        super().__init__(
            base_url=like.base_url,
            proxy=like.proxy,
            session=like.session,
            retry_handlers=like.retry_handlers,
            logger=like.logger,
        )
        self._source, self._tenant = source, tenant

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        # set and used without a pause in between: the call reads it before it first waits
        token = self.token = await self._source.token(self._tenant)
        try:
            return await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            if error.response["error"] not in STALE:
                raise
            fresh = await self._source.again(self._tenant, token)
            if fresh is None:
                raise
            self.token = fresh
            return await super().api_call(api_method, **arguments)
