"""Everything a decision is made from, and whose vote counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from policy.autonomy import AutonomyTable
from policy.cedar import PolicyEngine
from policy.risk import RiskTable
from policy.types import Actor, Allow, Deny
from policy.waiting import WaitingTable


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything a decision is made from; replaced as a whole when policy is reloaded."""

    engine: PolicyEngine
    risks: RiskTable
    autonomy: AutonomyTable
    channel_caps: Mapping[str, int] = field(default_factory=dict)
    """channel → highest autonomy allowed there; others have no cap of their own"""
    waiting: WaitingTable = field(default_factory=WaitingTable)
    """when people are reminded of what waits for them, and whom it is escalated to"""


@dataclass(frozen=True, kw_only=True)
class VoteRule:
    """Whether one person's vote counts, by today's rules; whoever wrote the values counts as their requester."""

    engine: PolicyEngine
    editors: tuple[str, ...] = ()

    def may_vote(
        self, voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool
    ) -> Allow | Deny:
        if voter.id in self.editors:
            requester = voter.id
        return self.engine.may_vote(
            voter, requester=requester, group=group, tenant=tenant, allow_requester=allow_requester
        )
