"""A workspace that left: its tokens are deleted, and nothing of it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError

from bot.orchestrator import leaving
from bot.slack.workspaces import Workspaces
from storage import installations
from storage.db import Database

_PAGES = 20
"""of an organisation's workspaces, 1,000 each"""
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

    async def look_at(self, enterprise: str, teams: Sequence[str]) -> None:
        """Forget those workspaces of an organisation that its token reaches no more."""
        async with self.db.read() as tx:
            whole = await installations.find(tx, enterprise) if enterprise else None
        if whole is None or not whole.is_org:
            return
        still = await self._reached(enterprise)
        for team in teams:
            async with self.db.read() as tx:
                spoken_for = await installations.find(tx, team)
            if team in still or spoken_for is None or spoken_for.tenant != enterprise:
                continue  # given back meanwhile, unknown here, or installed there by itself
            await leaving.leave_workspace(self.db, enterprise, team)
            self.workspaces.forget(team)
            _log.info("the app was removed from a workspace of an organisation", tenant=team)

    async def _reached(self, enterprise: str) -> set[str]:
        """The workspaces that the organisation's token reaches: https://docs.slack.dev/reference/methods/auth.teams.list"""
        found: set[str] = set()
        cursor = ""
        for _ in range(_PAGES):
            answer = await self.workspaces.client(enterprise).auth_teams_list(limit=1000, cursor=cursor or None)
            teams: list[dict[str, str]] = answer.get("teams") or []
            found.update(one["id"] for one in teams)
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return found
