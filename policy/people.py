"""Who somebody is right now. The one question policy has to ask the outside; the answer is never kept."""

from typing import Protocol

from policy.types import Actor


class People(Protocol):
    """Resolves people and their groups at the moment of asking: Slack user groups, a list, an on-call schedule."""

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        """The person with today's groups, or None when unknown, deactivated, or from another organisation."""
        ...

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        """User ids in a group now; empty when there is no such group."""
        ...
