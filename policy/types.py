"""The shapes policy speaks in. Callers build a CallRequest; policy answers with a Decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

ParamType = str
"""the Cedar name of a parameter type: String | Long | Bool | Set<String>"""
ParamValue = str | int | bool | tuple[str, ...]


class Tier(StrEnum):
    """How much a tool can break. Never inferred upwards: unknown means irreversible."""

    READ = "read"
    REVERSIBLE = "reversible"
    IRREVERSIBLE = "irreversible"


@dataclass(frozen=True, kw_only=True)
class Unasked:
    """A group whose source did not answer, so nobody new is taken to be in it."""

    group: str
    why: str
    """for people"""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """One person of a workspace, with the groups they are in at this moment."""

    id: str
    tenant: str
    groups: frozenset[str] = frozenset()
    is_bot: bool = False
    is_admin: bool = False
    """an admin or owner of the workspace; policy gives them nothing for it"""
    unasked: tuple[Unasked, ...] = ()
    """groups they may be in, but nobody could say so"""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a call acts on."""

    kind: str
    id: str
    env: str
    """dev | staging | prod"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The channel a request came from, and the highest autonomy allowed there."""

    id: str
    tenant: str
    max_autonomy: int
    hears: int = 2
    """how confidential what is said there may be: 0 public, 1 internal, 2 confidential"""


@dataclass(frozen=True, kw_only=True)
class Trust:
    """What is known of where a call's values come from, and of what its task has read."""

    untrusted: tuple[str, ...] = ()
    """parameters that decide something and that nobody vouches for"""
    guessed: bool = False
    """such a parameter is one of several that would do, by the brain's choice"""
    dangerous: bool = False
    """an untrusted value stands where the tool refuses one"""
    label: int = 0
    """the most confidential thing the task has read: 0 public, 1 internal, 2 confidential"""
    sensitivity: int = 1
    """of what the tool answers"""
    reach: int = 2
    """how confidential what the tool's far end is told may be"""


NOTHING_KNOWN: Final = Trust()
"""of calls whose values people typed or sealed before"""


@dataclass(frozen=True, kw_only=True)
class CallRequest:
    """Everything a decision about one call may look at."""

    tool: str
    tier: Tier
    tenant: str
    agent: str
    requester: Actor | None
    place: Place
    target: Target
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    autonomy: int = 1
    risk: int = 0
    """0-100"""
    blast_radius: int = 0
    """percent of what is counted (users, pods …), 0-100"""
    trust: Trust = NOTHING_KNOWN
    undo: bool = False
    """this call is the inverse of one that ran, pressed by a person"""
    by_check: bool = False
    """that inverse was pressed by itself, because the check after the run failed"""
    reason_code: str = ""
    minute_of_day: int = 0
    """UTC, 0-1439"""
    calls_1h: int = 0
    """calls of this tool by this tenant in the last hour, this one included"""
    blast_1h: int = 0
    """percent: what this tool's changes of the last hour hit together, this one included"""
    frozen: bool = False
    """a change freeze holds for it"""
    over_budget: bool = False
    """it would break a budget"""

    @property
    def untrusted(self) -> bool:
        """Some argument that decides something has a value nobody vouches for."""
        return bool(self.trust.untrusted)


class StepUp(StrEnum):
    """Whether an approval counts only after its giver proved a second factor."""

    NO = ""
    NOT_SET_UP = "not set up"
    """the rule asks for one where there is any, and here there is none; the card says so"""
    REQUIRED = "required"


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """How many approvals from which group one matched rule asks for."""

    rule: str
    count: int
    group: str
    allow_requester: bool = False
    """the requester's own approval counts"""
    expires_in: int = 4 * 3600
    """seconds a proposal may wait"""
    step_up: StepUp = StepUp.NO

    @property
    def in_words(self) -> str:
        """Who is asked: "2 of @sre-leads with a second factor"."""
        return f"{self.count} of @{self.group}{' with a second factor' if self.step_up is StepUp.REQUIRED else ''}"


@dataclass(frozen=True, kw_only=True)
class Allow:
    because: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NeedsApproval:
    obligations: tuple[Obligation, ...]
    because: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Deny:
    because: tuple[str, ...]
    hint: str = ""
    """what would be allowed, or whom to ask; one sentence"""


Decision = Allow | NeedsApproval | Deny


@dataclass(frozen=True, kw_only=True)
class RiskPart:
    """One line of the risk sum, as people read it: ("prod", 20)."""

    label: str
    points: int


@dataclass(frozen=True, kw_only=True)
class Risk:
    """A score from 0 to 100 with every part of the sum."""

    score: int
    parts: tuple[RiskPart, ...]

    @property
    def band(self) -> str:
        """low | medium | high"""
        return "low" if self.score < 30 else "medium" if self.score < 60 else "high"


@dataclass(frozen=True, kw_only=True)
class RiskFacts:
    """What the risk of one call is computed from."""

    tier: Tier
    env: str
    blast_percent: int = 0
    blast_label: str = ""
    """what the percentage counts, e.g. "12 % of users" """
    has_undo: bool = True
    first_time: bool = False
    """this tenant has never run this tool"""
    untrusted: bool = False
    out_of_hours: bool = False
    recent_failures: int = 0
    """failed runs of this tool in the last hour"""
    frozen: str = ""
    """the change freeze that holds, in words"""


@dataclass(frozen=True, kw_only=True)
class ActionSpec:
    """What the policy schema must know of one tool; generated from the registry."""

    name: str
    tier: Tier
    target_kind: str
    params: Mapping[str, ParamType] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    """parameters a call may leave out; rules must ask `context.params has x` first"""


@dataclass(frozen=True, kw_only=True)
class CastVote:
    """A vote as the tally sees it: who, what, and the groups that person is in now."""

    voter: Actor
    approve: bool
    stepped_up: bool = False
    """the voter proved a second factor for it"""


@dataclass(frozen=True, kw_only=True)
class OpenObligation:
    """One obligation with what it still lacks."""

    obligation: Obligation
    have: int
    voters: tuple[str, ...]

    @property
    def missing(self) -> int:
        """Approvals still needed."""
        return max(0, self.obligation.count - self.have)

    @property
    def in_words(self) -> str:
        """What is still missing: "1 of @sre-leads with a second factor"."""
        return replace(self.obligation, count=self.missing).in_words
