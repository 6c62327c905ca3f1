"""Who is let in: what Slack delivers for another workspace, organisation or app, or from outside, goes no further."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from bot.slack.tenants import enterprise_of, tenant_of
from bot.slack.workspaces import Workspaces
from storage import audit, inbox
from storage.db import Database
from storage.records import JsonObject

Payload = Mapping[str, object]
DAY = 86_400
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Porter:
    """Stands before every listener. What it turns away is on the record, once for each delivery."""

    db: Database
    workspaces: Workspaces

    async def lets_in(self, body: Payload) -> bool:
        """Whether this is for us; a payload that names no workspace at all is bolt's to answer."""
        tenant = tenant_of(body)
        if not tenant:
            return True
        us = await self.workspaces.about(tenant)
        if us is None and (enterprise := enterprise_of(body)):
            us = await self.workspaces.about(enterprise)
        app = body.get("api_app_id")
        if us is None:
            # Of one workspace, it is in its record; of many, in that of the one that was named, as after it left.
            known = await self.workspaces.tenants()
            of = known[0] if len(known) == 1 else tenant
            return await self._turn_away(body, of, tenant, "this app is not installed in that workspace")
        if us.app and isinstance(app, str) and app and app != us.app:
            return await self._turn_away(body, us.tenant, tenant, "it is another app's")
        if _from_outside(body, tenant):
            return await self._turn_away(body, us.tenant, tenant, "who wrote it belongs to another organisation")
        return True

    async def _turn_away(self, body: Payload, of: str, tenant: str, why: str) -> bool:
        event = _event(body)
        said: JsonObject = {
            "why": why,
            "workspace": tenant,
            "enterprise": enterprise_of(body),
            "app": _text(body.get("api_app_id")),
            "kind": _text(event.get("type")) or _text(body.get("type")) or "command",
            "who": _text(event.get("user")) or _who(body),
            "channel": _text(event.get("channel")),
        }
        async with self.db.write() as tx:
            key = _spoken_to(body, event) or f"{said['who']}:{said['channel']}:{int(await tx.time() // DAY)}"
            if await inbox.first_time(tx, of, f"stranger:{tenant}:{key}", "stranger"):
                await audit.append(tx, of, "ops.request.ignored", body=said)
        _log.info("not for us", why=why, workspace=tenant, kind=said["kind"])
        return False


def _from_outside(body: Payload, tenant: str) -> bool:
    """Whether a message is of a person of another organisation (Slack Connect). Presses name their person, and are
    refused with words where they would count."""
    event = _event(body)
    ours = ("", tenant, enterprise_of(body))
    return any(_text(event.get(name)) not in ours for name in ("user_team", "source_team"))


def _spoken_to(body: Payload, event: Payload) -> str:
    """The delivery's own name; "" for talk in a shared channel that is not to us, of which one entry a day will do."""
    if event.get("type") == "message" and event.get("channel_type") != "im":
        return ""
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else {}
    named = (body.get("event_id"), body.get("trigger_id"), isinstance(first, Mapping) and first.get("action_ts"))
    return next((one for one in named if isinstance(one, str) and one), "")


def _event(body: Payload) -> Payload:
    event = body.get("event")
    return event if isinstance(event, Mapping) else {}


def _who(body: Payload) -> str:
    user = body.get("user")
    return _text(user.get("id")) if isinstance(user, Mapping) else _text(body.get("user_id"))


def _text(value: object) -> str:
    return value[:80] if isinstance(value, str) else ""
