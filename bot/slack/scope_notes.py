"""One clear note to admins, once, when the app lacks a scope: which, for what, and the next step."""

from dataclasses import dataclass, field

import structlog

from bot.slack.replies import Replies
from policy.people import CannotAsk, People
from storage import audit, inbox, posts
from storage.db import Database, within
from storage.records import PostKind

MOST = 5
"""admins who are told; more would be a mailing"""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class ScopeNotes:
    """Takes refusals of any number of calls; each missing scope is told of once, by whichever replica is first."""

    db: Database
    people: People
    replies: Replies
    groups: tuple[str, ...]
    """whose members are told, where there is no channel for it"""
    ops_channel: str = ""
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def noted(self, tenant: str, method: str, scope: str) -> None:
        """A call was refused."""
        if (tenant, scope) not in self._seen:
            self._seen.add((tenant, scope))
            self.replies.later(self.tell(tenant, method, scope))

    async def tell(self, tenant: str, method: str, scope: str) -> None:
        named = scope or "that it does not name"
        _log.error("the slack app lacks a scope", tenant=tenant, method=method, scope=scope)
        text = (
            f"Slack refuses {method}, because the app was not granted the scope {named}. Until it is, what needs it is "
            "left out. Add it in the app's settings and install the app again; 'autopilot doctor' lists every scope."
        )
        with within(tenant):
            to = [self.ops_channel] if self.ops_channel else await self._admins(tenant)
            async with self.db.write() as tx:
                if not await inbox.first_time(tx, tenant, f"missing_scope:{scope}", "scope"):
                    return
                await audit.append(tx, tenant, "ops.slack.scope_missing", body={"scope": scope, "method": method})
                for channel in to:
                    body = {"text": text, "kind": "info"}
                    await posts.want(
                        tx,
                        tenant=tenant,
                        kind=PostKind.NOTICE,
                        subject=f"scope:{scope}",
                        channel=channel,
                        body={**body},
                    )

    async def _admins(self, tenant: str) -> list[str]:
        found: set[str] = set()
        for group in self.groups:
            try:
                found |= await self.people.members(tenant, group)
            except CannotAsk:  # perhaps for want of this very scope; the log and the doctor say it, too
                continue
        return sorted(found)[:MOST]
