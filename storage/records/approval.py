"""What people are asked and what they answered."""

from dataclasses import dataclass
from enum import StrEnum


class ProposalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    """all obligations met; waits for a worker"""
    RUNNING = "running"
    RAN = "ran"
    FAILED = "failed"
    REFUSED = "refused"
    """re-checked before the run, and refused"""
    IN_DOUBT = "in_doubt"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


PLAN = "plan"
"""what stands for the tool's name in a proposal of several calls; no tool may be called so"""
OPEN_STATES = (ProposalState.OPEN, ProposalState.APPROVED, ProposalState.RUNNING, ProposalState.IN_DOUBT)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A sealed call waiting for people. `id` is the SHA-256 of `sealed`."""

    id: str
    tenant: str
    task_id: str
    call_id: str
    sealed: str
    """canonical JSON (RFC 8785); the executor runs these bytes"""
    tool: str
    state: ProposalState
    outcome: str
    """what happened, one or two sentences"""
    undoes: str | None
    """the proposal this one takes back"""
    undone_by: str | None
    """the proposal that took this one back"""
    superseded_by: str | None
    plan_id: str | None
    """the plan this call is decided with; None for a plan itself and for a call of its own"""
    place: int
    """which call of its plan it is, from 0"""
    grant_id: str | None
    """the standing grant that approved it"""
    verified: str
    """"" | yes | no | unknown"""
    expires_at: float
    created_at: float
    decided_at: float | None
    finished_at: float | None

    @property
    def card_id(self) -> str:
        """The proposal whose card shows this one, and on which people vote."""
        return self.plan_id or self.id

    @property
    def is_plan(self) -> bool:
        return self.tool == PLAN


@dataclass(frozen=True, kw_only=True)
class Vote:
    proposal_id: str
    voter: str
    approve: bool
    reason: str
    at: float
    stepped_up: str = ""
    """the second factor proven for it (totp | oidc); "" for none"""
    stepped_up_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """One time somebody is to be asked about a waiting proposal."""

    proposal_id: str
    step: int
    audience: str
    """#thread, or the group whose people get a direct message"""
    tenant: str
    kind: str
    """ask | remind | escalate"""
    to_group: str
    """an escalation's group"""
    due_at: float
