"""What people are shown, as plain data. Built from storage by bot/orchestrator/show.py; drawn by bot/slack/cards."""

from dataclasses import dataclass
from enum import StrEnum

from policy.types import Risk
from policy.waiting import NO_GRANT, GrantBounds
from tools.contract import Change, Counted
from tools.manifest import DryRun


class CardState(StrEnum):
    """The states of an approval card. One message, updated in place."""

    PROPOSED = "proposed"
    PARTLY_APPROVED = "partly_approved"
    CHANGED = "changed"
    """the world moved since it was proposed; asks again"""
    SUPERSEDED = "superseded"
    HALTED = "halted"
    """approved; waits because a person stopped everything"""
    RUNNING = "running"
    VERIFIED = "verified"
    DONE = "done"
    """ran, not (yet) verified"""
    FAILED = "failed"
    REFUSED = "refused"
    """re-checked before running and refused: policy, entitlement, digest"""
    UNKNOWN = "unknown"
    """in doubt: three buttons"""
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, kw_only=True)
class EvidenceLink:
    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class VoteLine:
    """One vote in words: who, what, when (seconds since the epoch)."""

    voter: str
    approve: bool
    at: float
    reason: str = ""
    stepped_up: str = ""
    """the second factor proven for it; "" for none"""


@dataclass(frozen=True, kw_only=True)
class Need:
    """One obligation as people read it: 2 of @sre-leads, 1 so far."""

    count: int
    group: str
    have: int
    step_up: bool = False
    """each of them with a second factor"""

    @property
    def in_words(self) -> str:
        return f"{self.count} of @{self.group}{' with a second factor' if self.step_up else ''}"


@dataclass(frozen=True, kw_only=True)
class ArgumentView:
    """One sealed argument, with where its value came from."""

    name: str
    value: str
    """canonical JSON of the value"""
    origin: str = ""
    """"" when trusted; else e.g. "log line (untrusted)" """
    source: str = ""
    """where a trusted value came from: "named in the request"; "" when that is not known"""


@dataclass(frozen=True, kw_only=True)
class ApprovalView:
    """Everything the approval card shows, in every state."""

    proposal_id: str
    """64 hex characters; the card shows 12"""
    fence: int
    """the task's fence when drawn; rides in the buttons so that a stale press loses politely"""
    state: CardState
    says: str
    """line 1, made by code from the sealed arguments"""
    verb: str
    """for the Approve button: "turn off" """
    tool: str
    env: str
    tier: str
    arguments: tuple[ArgumentView, ...]
    changes: tuple[Change, ...]
    counted: tuple[Counted, ...]
    grade: DryRun
    risk: Risk
    why: str
    """the bot's words; its opinion, unverified"""
    evidence: tuple[EvidenceLink, ...]
    undo_says: str
    """line of the inverse call; "" means it cannot be undone"""
    undo_rehearsed_at: float | None
    undo_objects: int
    needs: tuple[Need, ...]
    votes: tuple[VoteLine, ...]
    requester: str
    expires_at: float
    proposed_at: float
    decided_at: float | None
    finished_at: float | None
    rules: tuple[str, ...]
    agent: str
    agent_version: str
    policy_version: str
    outcome: str = ""
    """what happened, what did not, next step; one or two sentences"""
    halted: str = ""
    """who stopped everything and why, while this waits"""
    moved: tuple[Change, ...] = ()
    """state CHANGED: what moved since it was proposed"""
    undo_until: float | None = None
    """Undo is offered until then; None: no Undo button"""
    undone_by: str = ""
    superseded_by: str = ""
    """permalink or id of the proposal that replaced it"""
    undo_by_check: bool = False
    """Undo is pressed by itself when the check after the run does not hold"""
    dry_run: bool = False
    notices: tuple[str, ...] = ()
    """short reminders shown above the buttons"""
    viewers: tuple[str, ...] = ()
    """user ids who may act; () shows the buttons to everybody"""
    is_undo_of: str = ""
    editable: bool = True
    """offers Edit; False for the inverse call of an Undo"""
    can_hand_over: bool = False
    """lists "Hand over" under More"""
    grants: GrantBounds = NO_GRANT
    """lists "Allow again for … minutes" under More, when a grant could stand for it"""
    link: str = ""
    """permalink of the card, for lists and Home"""
    asked: str = ""
    """on a copy for one person: why they have it"""
    calls: tuple["ApprovalView", ...] = ()
    """of a plan: its calls in their order, each as it stands"""
    waits: bool = False
    """of a call in a plan: approved, and its turn has not come"""
    asked_for: str = ""
    """what of the request implies it"""

    @property
    def without_undo(self) -> str:
        """One sentence for a card that offers no Undo."""
        if self.changes and all(change.before == change.after for change in self.changes):
            return "As things stand it changes nothing, so there is nothing to undo."
        return "This cannot be undone."


@dataclass(frozen=True, kw_only=True)
class FieldView:
    """One typed field of the Edit modal."""

    name: str
    label: str
    kind: str
    """string | integer | number | boolean | choice"""
    value: str
    """string and choice: the bare text; the others: JSON ("5", "true"); "" when not set"""
    hint: str = ""
    """bounds and meaning in words"""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class EditView:
    proposal_id: str
    fence: int
    """of the task when the modal was opened"""
    says: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, kw_only=True)
class DigestItem:
    says: str
    state: CardState
    who: str
    at: float
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class DigestView:
    """What one digest says, of a day or of a week."""

    title: str
    since: float
    until: float
    tasks_started: int
    tasks_completed: int
    tasks_failed: int
    proposed: int
    approved: int
    rejected: int
    expired: int
    auto_run: int
    undone: int
    median_decision_seconds: float | None
    actions: tuple[DigestItem, ...]
    open_items: tuple[DigestItem, ...]
    failing_tools: tuple[tuple[str, int, int], ...]
    """(tool, failed, of) with at least one failure"""
    waiting: int = 0
    """all that is open, named or not"""
    unnamed: int = 0
    """done or open, and asked for where not all who read this may read"""


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """One task in a list (status, tasks, Home)."""

    title: str
    state: str
    requester: str
    at: float
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class GrantLine:
    """One standing grant, in a list or on Home."""

    id: str
    says: str
    granter: str
    requester: str
    left: int
    most: int
    until: float


@dataclass(frozen=True, kw_only=True)
class AgentLine:
    """One agent in a list: what thinks for it, and where people's words go."""

    name: str
    brain: str
    data_policy: str
    summary: str = ""
    default: bool = True
    """whether it works where no admin chose another"""


@dataclass(frozen=True, kw_only=True)
class Paged:
    """Where one page of a list stands."""

    page: int = 0
    size: int = 5
    total: int = 0


@dataclass(frozen=True, kw_only=True)
class HomeView:
    """One person's Home: each list is the page of it they look at."""

    connected: bool
    agents: tuple[AgentLine, ...]
    waiting_for_me: tuple[ApprovalView, ...] = ()
    waiting: Paged = Paged()
    my_requests: tuple[TaskLine, ...] = ()
    requests: Paged = Paged()
    open_tasks: tuple[TaskLine, ...] = ()
    """of others"""
    open: Paged = Paged()
    recent: tuple[ApprovalView, ...] = ()
    done: Paged = Paged()
    grants: tuple[GrantLine, ...] = ()
    area: str = ""
    """what they chose to see; "" is everything"""
    halted: str = ""
    """who stopped everything and why; "" when nothing is halted"""
    altered: int = 0
    """waiting proposals that are not listed, because their stored bytes no longer match their ids"""
