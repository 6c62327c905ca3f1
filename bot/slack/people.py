"""People by Slack's own word: users.info and user groups, asked when it matters and remembered for seconds only."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import NoReturn

import aiohttp
from pydantic import BaseModel
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.asked import Asked
from bot.slack.workspaces import Workspaces
from policy.people import CannotAsk
from policy.types import Actor

FRESH = 2.0
"""seconds an answer is used again: one click asks several times, a removed approver must not get in later"""
GROUPS_FRESH = 3.5
"""the same for who is in which group: Slack allows that question twenty times a minute"""
ADDRESS_FRESH = 60.0
"""seconds whose address it is may be kept; whether that person is still active is asked at each press"""
_UNKNOWN = ("user_not_found", "user_not_visible", "users_not_found")
_UNREACHABLE = (aiohttp.ClientError, OSError, TimeoutError)


class _User(BaseModel):
    id: str
    team_id: str = ""
    deleted: bool = False
    is_bot: bool = False
    is_stranger: bool = False
    is_restricted: bool = False
    """a guest, of one channel or of several"""
    is_admin: bool = False
    is_owner: bool = False
    real_name: str = ""


class _Group(BaseModel):
    id: str
    handle: str
    users: list[str] = []


@dataclass
class SlackPeople:
    """The People of Slack workspaces. Groups are Slack user groups, by handle."""

    workspaces: Workspaces
    _users: Asked[tuple[str, str], _User | None] = field(default_factory=Asked)
    _addresses: Asked[tuple[str, str], str | None] = field(default_factory=Asked)
    _groups: Asked[str, list[_Group]] = field(default_factory=Asked)

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        user = await self._user(tenant, user_id)
        if user is None or user.deleted or user.is_stranger or user.team_id not in ("", tenant):
            return None
        groups = frozenset(g.handle for g in await self._all_groups(tenant) if user_id in g.users)
        admin = user.is_admin or user.is_owner
        return Actor(id=user.id, tenant=tenant, groups=groups, is_bot=user.is_bot, is_admin=admin)

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        found = [g.users for g in await self._all_groups(tenant) if g.handle == group]
        return frozenset(found[0]) if found else frozenset()

    async def by_email(self, tenant: str, email: str) -> str | None:
        """The active member of the workspace with this address."""
        return await self._addresses.get((tenant, email), ADDRESS_FRESH, lambda: self._ask_email(tenant, email))

    async def name(self, tenant: str, user_id: str) -> str:
        """What Slack calls somebody, with their id: names are not unique, and people choose them. Their id at worst."""
        try:
            user = await self._user(tenant, user_id)
        except CannotAsk:
            return user_id
        return f"{user.real_name} ({user_id})" if user is not None and user.real_name else user_id

    async def is_guest(self, tenant: str, user_id: str) -> bool:
        """Whether they see only the channels they are in; True for whom Slack does not know.

        Raises:
            CannotAsk: Slack does not answer.
        """
        user = await self._user(tenant, user_id)
        return user is None or user.is_restricted

    async def _user(self, tenant: str, user_id: str) -> _User | None:
        return await self._users.get((tenant, user_id), FRESH, lambda: self._ask_user(tenant, user_id))

    async def _all_groups(self, tenant: str) -> list[_Group]:
        return await self._groups.get(tenant, GROUPS_FRESH, lambda: self._ask_groups(tenant))

    async def _ask_email(self, tenant: str, email: str) -> str | None:
        user = await _known(self.workspaces.client(tenant).users_lookupByEmail(email=email))
        if user is None:
            return None
        ours = not user.deleted and not user.is_stranger and user.team_id in ("", tenant)
        return user.id if ours else None

    async def _ask_user(self, tenant: str, user_id: str) -> _User | None:
        return await _known(self.workspaces.client(tenant).users_info(user=user_id))

    async def _ask_groups(self, tenant: str) -> list[_Group]:
        try:
            answer = await self.workspaces.client(tenant).usergroups_list(
                include_users=True,
                team_id=tenant,  # an app of a whole organisation must say whose groups
            )
        except (SlackApiError, *_UNREACHABLE) as error:
            _silent(error)
        return [_Group.model_validate(group) for group in answer["usergroups"]]


async def _known(asking: Awaitable[AsyncSlackResponse]) -> _User | None:
    """The user of an answer; None when Slack knows nobody like that."""
    try:
        return _User.model_validate((await asking)["user"])
    except SlackApiError as error:
        if error.response["error"] not in _UNKNOWN:
            _silent(error)
        return None
    except _UNREACHABLE as error:
        _silent(error)


def _silent(error: Exception) -> NoReturn:
    why = error.response["error"] if isinstance(error, SlackApiError) else type(error).__name__
    raise CannotAsk(f"slack does not say who is who ({why})") from error
