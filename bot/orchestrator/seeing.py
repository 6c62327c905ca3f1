"""What a person may read of tasks and changes outside the channel they stand in: on Home, by command, by the API."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bot.orchestrator.asking import may_approve
from policy.people import People
from policy.types import Actor
from storage.records import Proposal, Task
from tools.errors import SealBroken
from tools.gateway import Gateway
from tools.sealing import SealedCall, open_seal


class Channels(Protocol):
    """Who can read a channel."""

    async def open_to(self, tenant: str, channel: str, person: str) -> bool:
        """Whether it is public (for others than guests), or this person is in it; False where nobody can say."""
        ...


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """One person who looks: they see what is theirs, what they may decide, and what their channels show anyway."""

    tenant: str
    person: str
    actor: Actor | None
    channels: Channels
    gateway: Gateway
    everything: bool = False
    """an operator said so, by the scope of a token"""

    async def sees(self, task: Task, *, decides: bool) -> bool:
        """`decides`: they may vote on one of its cards."""
        return self.everything or decides or await self._reads(task.requester, task.channel)

    async def sees_change(self, proposal: Proposal) -> bool:
        try:
            sealed = open_seal(proposal)
        except SealBroken:
            return True  # of it nothing is shown but that it was altered
        return self.everything or self._may_approve(sealed) or await self._reads(sealed.requester, sealed.channel)

    def decides(self, found: Iterable[Proposal]) -> bool:
        """Whether their vote counts, or counted, for any of these."""
        for proposal in found:
            try:
                if self._may_approve(open_seal(proposal)):
                    return True
            except SealBroken:
                continue
        return False

    def _may_approve(self, sealed: SealedCall) -> bool:
        return self.actor is not None and may_approve(self.gateway, sealed, self.actor)

    async def _reads(self, requester: str | None, channel: str) -> bool:
        return requester == self.person or (
            bool(channel) and await self.channels.open_to(self.tenant, channel, self.person)
        )


@dataclass(frozen=True, kw_only=True)
class Seeing:
    """Makes viewers; who is in which group is asked anew each time."""

    gateway: Gateway
    people: People
    channels: Channels

    async def viewer(self, tenant: str, person: str, *, everything: bool = False) -> Viewer:
        return Viewer(
            tenant=tenant,
            person=person,
            actor=await self.people.actor(tenant, person),
            channels=self.channels,
            gateway=self.gateway,
            everything=everything,
        )
