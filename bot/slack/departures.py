"""A workspace that left: its tokens are deleted, and nothing of it goes on."""

from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError

from bot.orchestrator import leaving
from bot.slack.workspaces import Workspaces
from storage import installations
from storage.db import Database

GONE = frozenset({"account_inactive", "token_revoked", "invalid_auth", "not_authed", "token_expired"})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Departures:
    """Takes "you were removed" as a claim: it may come late, after somebody installed the app again."""

    db: Database
    workspaces: Workspaces

    async def look(self, tenant: str, enterprise: str) -> None:
        """Forget the workspace's installation, and its organisation's, where Slack does not take their tokens."""
        for key in dict.fromkeys(filter(None, (tenant, enterprise))):
            async with self.db.read() as tx:
                found = await installations.find(tx, key)
            if found is None or found.tenant != key:
                continue
            self.workspaces.forget(key)
            try:
                await self.workspaces.client(key).auth_test()
            except SlackApiError as error:
                if error.response["error"] not in GONE:
                    raise  # not acked: Slack tells us again
            else:
                _log.info("a workspace that was said to have left is still there", tenant=key)
                continue
            await leaving.leave(self.db, key)
            self.workspaces.forget(key)
            _log.info("the app was removed from a workspace", tenant=key)
