"""The workspaces we speak in: for each a client with its token, its rate limits, and who we are there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.client import WatchedClient
from bot.slack.pacing import Pace


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One workspace, as Slack calls it and us in it."""

    tenant: str
    bot_user: str
    url: str = ""
    """its address, https://acme.slack.com/"""
    app: str = ""
    """our app's id (A…), where Slack told"""


MissingScope = Callable[[str, str, str], None]
"""(workspace, method, the scopes it needs) of a call that Slack refused"""


class Workspaces(Protocol):
    """Every workspace this process may speak in. A client of any other is refused as Slack would refuse it."""

    on_missing_scope: MissingScope | None
    """told of each call that the app was not granted the scope for; set before the first one"""

    def client(self, tenant: str) -> AsyncWebClient:
        """For everything but streams: it waits out a 429."""
        ...

    def streams(self, tenant: str) -> AsyncWebClient:
        """For the stream writer, which handles failures itself."""
        ...

    def pace(self, tenant: str) -> Pace: ...

    async def about(self, tenant: str) -> Workspace | None:
        """None when the app is not installed there."""
        ...

    async def tenants(self) -> list[str]:
        """The workspaces known by now; in an organisation, those something was heard of."""
        ...

    async def bot_user(self, tenant: str) -> str:
        """Our own user there, "" when the app is not installed."""
        ...

    def forget(self, tenant: str) -> None:
        """Drop what is remembered of a workspace: something changed."""
        ...

    async def close(self) -> None:
        """Wait for what was begun and must not be lost."""
        ...


@dataclass
class OneWorkspace:
    """The workspace of SLACK_BOT_TOKEN."""

    workspace: Workspace
    one: AsyncWebClient
    stream: AsyncWebClient
    one_pace: Pace = field(default_factory=Pace)
    on_missing_scope: MissingScope | None = None

    def __post_init__(self) -> None:
        for client in (self.one, self.stream):
            if isinstance(client, WatchedClient):
                client.on_missing_scope = self._missing

    def _missing(self, method: str, scope: str) -> None:
        if self.on_missing_scope is not None:
            self.on_missing_scope(self.workspace.tenant, method, scope)

    def client(self, tenant: str) -> AsyncWebClient:
        return self.one if tenant == self.workspace.tenant else NotInstalled()

    def streams(self, tenant: str) -> AsyncWebClient:
        return self.stream if tenant == self.workspace.tenant else NotInstalled()

    def pace(self, tenant: str) -> Pace:
        return self.one_pace

    async def about(self, tenant: str) -> Workspace | None:
        return self.workspace if tenant == self.workspace.tenant else None

    async def tenants(self) -> list[str]:
        return [self.workspace.tenant]

    async def bot_user(self, tenant: str) -> str:
        us = await self.about(tenant)
        return us.bot_user if us is not None else ""

    def forget(self, tenant: str) -> None: ...

    async def close(self) -> None: ...


def refused(error: str) -> SlackApiError:
    """What Slack answers with this error, for calls that need not be made to know it."""
    data: dict[str, Any] = {"ok": False, "error": error}
    response = AsyncSlackResponse(
        client=None, http_verb="POST", api_url="", req_args={}, data=data, headers={}, status_code=200
    )
    return SlackApiError("the app is not installed in this workspace", response)  # type: ignore[no-untyped-call]  # the SDK ships it so


class NotInstalled(AsyncWebClient):
    """The client of a workspace without the app: nothing is sent, Slack's own refusal comes back."""

    async def api_call(self, api_method: str, **_arguments: Any) -> AsyncSlackResponse:
        raise refused("account_inactive")
