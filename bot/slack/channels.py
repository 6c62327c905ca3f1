"""Who can read a channel, by Slack's own word, remembered for a minute."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.faults import PASSING, classify
from bot.slack.workspaces import Workspaces
from policy.people import CannotAsk

FRESH = 60.0
"""seconds an answer is used again: Home is drawn at every change"""
MOST = 5_000
"""answers are remembered at once"""
_DIRECT = "D"
"""how the ids of direct messages begin"""
_log = structlog.get_logger(__name__)


@dataclass
class SlackChannels:
    """The Channels of Slack workspaces. Where Slack does not say, a channel is closed."""

    workspaces: Workspaces
    is_guest: Callable[[str, str], Awaitable[bool]]
    """(workspace, person) → whether they see only the channels they are in"""
    _public: dict[tuple[str, str], tuple[float, bool]] = field(default_factory=dict)
    _inside: dict[tuple[str, str, str], tuple[float, bool]] = field(default_factory=dict)

    async def open_to(self, tenant: str, channel: str, person: str) -> bool:
        if channel.startswith(_DIRECT):
            return False
        try:
            if await self._is_public(tenant, channel) and not await self.is_guest(tenant, person):
                return True
            return await self._is_inside(tenant, channel, person)
        except (SlackApiError, CannotAsk, aiohttp.ClientError, OSError, TimeoutError) as error:
            _log.info("a channel's tasks are shown to nobody else", channel=channel, why=str(error)[:300])
            return False

    async def readable_in(self, tenant: str, channel: str, here: str) -> bool:
        """Whether everybody who reads `here`, guests aside, may read `channel`.

        Raises: what Slack's client raises, when another try may tell.
        """
        if channel == here or not channel or channel.startswith(_DIRECT):
            return channel == here
        try:
            return await self._is_public(tenant, channel)
        except SlackApiError as error:
            failure = classify(error)
            if failure is not None and failure.fault in PASSING:
                raise
            return False

    async def _is_public(self, tenant: str, channel: str) -> bool:
        until, public = self._public.get((tenant, channel), (0.0, False))
        if time.monotonic() >= until:
            about = (await self.workspaces.client(tenant).conversations_info(channel=channel))["channel"]
            public = not (about.get("is_private") or about.get("is_im") or about.get("is_mpim"))
            _bound(self._public)
            self._public[tenant, channel] = time.monotonic() + FRESH, public
        return public

    async def _is_inside(self, tenant: str, channel: str, person: str) -> bool:
        until, inside = self._inside.get((tenant, channel, person), (0.0, False))
        if time.monotonic() >= until:
            inside = await is_in(self.workspaces.client(tenant), channel, person)
            _bound(self._inside)
            self._inside[tenant, channel, person] = time.monotonic() + FRESH, inside
        return inside


def _bound(kept: dict[Any, Any]) -> None:
    if len(kept) > MOST:
        kept.clear()


async def is_in(client: AsyncWebClient, channel: str, person: str) -> bool:
    """Whether this person is a member of the channel.

    Raises: SlackApiError when Slack does not say.
    """
    cursor = ""
    while True:
        page = await client.conversations_members(channel=channel, limit=1000, cursor=cursor or None)
        if person in page["members"]:
            return True
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return False
