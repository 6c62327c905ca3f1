"""Listeners for the last that is heard of a workspace: the app was removed, or its tokens were revoked."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.slack.departures import Departures
from bot.slack.tenants import enterprise_of, tenant_of

EVENTS = ("app_uninstalled", "tokens_revoked", "team_access_revoked")
"""about an organisation, they are about many workspaces"""


def register(app: AsyncApp, departures: Departures) -> None:
    """Hang the listeners on the app."""

    @app.event("app_uninstalled")
    async def removed(body: dict[str, Any]) -> None:
        await departures.look(tenant_of(body), enterprise_of(body))

    @app.event("tokens_revoked")
    async def revoked(body: dict[str, Any]) -> None:
        if body.get("event", {}).get("tokens", {}).get("bot"):
            await departures.look(tenant_of(body), enterprise_of(body))

    @app.event("team_access_revoked")
    async def narrowed(body: dict[str, Any]) -> None:
        """An organisation took the app from some of its workspaces."""
        teams = body.get("event", {}).get("team_ids")
        named = [team for team in teams if isinstance(team, str)] if isinstance(teams, list) else []
        await departures.look_at(enterprise_of(body), named)
