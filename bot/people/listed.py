"""A fixed list, and a Slack user group: the two sources that need no schedule."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.people.source import Names, SourceDown
from policy.people import CannotAsk
from policy.types import Actor


class Directory(Protocol):
    """The workspace: who is an active member, under which address, in which user group."""

    async def actor(self, tenant: str, user_id: str) -> Actor | None: ...

    async def members(self, tenant: str, group: str) -> frozenset[str]: ...

    async def by_email(self, tenant: str, email: str) -> str | None:
        """The active member with this address."""
        ...


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Always the same people."""

    people: Names

    async def names(self, at: datetime) -> Names:
        return self.people


@dataclass(frozen=True, kw_only=True)
class SlackGroup:
    """Whoever is in a Slack user group now."""

    directory: Directory
    tenant: str
    handle: str

    async def names(self, at: datetime) -> Names:
        try:
            return await self.directory.members(self.tenant, self.handle)
        except CannotAsk as error:
            raise SourceDown(str(error)) from None
