"""People by Slack's own word: users.info and user groups, asked when it matters and remembered for seconds only."""

import time
from dataclasses import dataclass, field

from pydantic import BaseModel
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from policy.types import Actor

FRESH = 2.0
"""seconds an answer is used again: one click asks several times, a removed approver must not get in later"""
_UNKNOWN = ("user_not_found", "user_not_visible", "users_not_found")


class _User(BaseModel):
    id: str
    team_id: str = ""
    deleted: bool = False
    is_bot: bool = False
    is_stranger: bool = False


class _Group(BaseModel):
    id: str
    handle: str
    users: list[str] = []


@dataclass
class SlackPeople:
    """The People of a Slack workspace. Groups are Slack user groups, by handle."""

    client: AsyncWebClient
    _users: dict[str, tuple[float, _User | None]] = field(default_factory=dict)
    _groups: tuple[float, list[_Group]] = (-FRESH, [])

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        user = await self._user(user_id)
        if user is None or user.deleted or user.is_stranger or user.team_id not in ("", tenant):
            return None
        groups = frozenset(g.handle for g in await self._all_groups() if user_id in g.users)
        return Actor(id=user.id, tenant=tenant, groups=groups, is_bot=user.is_bot)

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        found = [g.users for g in await self._all_groups() if g.handle == group]
        return frozenset(found[0]) if found else frozenset()

    async def _user(self, user_id: str) -> _User | None:
        at, known = self._users.get(user_id, (-FRESH, None))
        if time.monotonic() - at < FRESH:
            return known
        try:
            answer = await self.client.users_info(user=user_id)
            user = _User.model_validate(answer["user"])
        except SlackApiError as error:
            if error.response["error"] not in _UNKNOWN:
                raise
            user = None
        if len(self._users) > 5_000:
            self._users.clear()
        self._users[user_id] = (time.monotonic(), user)
        return user

    async def _all_groups(self) -> list[_Group]:
        at, known = self._groups
        if time.monotonic() - at < FRESH:
            return known
        answer = await self.client.usergroups_list(include_users=True)
        groups = [_Group.model_validate(group) for group in answer["usergroups"]]
        self._groups = (time.monotonic(), groups)
        return groups
