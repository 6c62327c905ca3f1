"""Who somebody is right now. The one question policy has to ask the outside; the answer is never kept."""

from collections.abc import Collection
from typing import Protocol

from policy.types import Actor


class CannotAsk(Exception):
    """Who somebody is, or who is in a group, cannot be asked right now; the message is a sentence for people."""


class People(Protocol):
    """Resolves people and their groups at the moment of asking: Slack user groups, a list, an on-call schedule."""

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        """The person with today's groups, or None when unknown, deactivated, or from another organisation.

        Raises:
            CannotAsk: nobody can say who this is. When only a group cannot be asked, the actor says so (`unasked`).
        """
        ...

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        """User ids in a group now; empty when there is no such group.

        Raises:
            CannotAsk: the group's source does not answer.
        """
        ...


def unasked(actor: Actor | None, groups: Collection[str]) -> str:
    """Which of these groups could not be asked about this person, and why, in words; "" when all could."""
    found = [one for one in actor.unasked if one.group in groups] if actor is not None else []
    return "; ".join(f"nobody can say who is in @{one.group} right now: {one.why}" for one in found)
