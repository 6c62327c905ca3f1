"""Frozen shapes handed out by this room. Times are seconds since the epoch, UTC, by the database's clock."""

from dataclasses import dataclass
from enum import StrEnum

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]


class TaskState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    NEEDS_APPROVAL = "needs_approval"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED_RETRYABLE = "failed_retryable"
    FAILED_TERMINAL = "failed_terminal"
    ESCALATED_TO_HUMAN = "escalated_to_human"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """Where a task came from."""

    MENTION = "mention"
    DM = "dm"
    AUTO = "auto"
    COMMAND = "command"
    ALERT = "alert"
    SCHEDULE = "schedule"
    API = "api"
    CLI = "cli"
    UNDO = "undo"


UNATTENDED = (Source.AUTO, Source.ALERT, Source.SCHEDULE, Source.API)
"""sources behind which no person waits; a halt lets none of them begin"""


@dataclass(frozen=True, kw_only=True)
class Task:
    id: str
    tenant: str
    source: Source
    channel: str
    thread_ts: str
    request_ts: str
    """the message that asked; the thread's root when it has no thread yet"""
    requester: str
    requester_team: str
    text: str
    title: str
    agent: str
    agent_version: str
    state: TaskState
    reason: str
    """why it is in this state, one sentence for people"""
    fence: int
    """bumped by each change of state; a writer that holds an old one loses"""
    owner: str | None
    attempt: int
    stop_requested: bool
    dry_run: bool
    proposal_id: str | None
    """the proposal it waits for or executes"""
    parent_id: str | None
    correlation_id: str
    turns: int
    calls: int
    tokens: int
    created_at: float
    updated_at: float
    finished_at: float | None
    emptied_at: float | None = None
    """when its words were erased or dropped after their time; its title says which"""


class StepKind(StrEnum):
    USER = "user"
    CONTEXT = "context"
    """words of the thread before the request: data, not instructions"""
    THOUGHT = "thought"
    SAID = "said"
    CALLED = "called"
    RESULT = "result"
    NOTE = "note"
    """ours, for people: a limit reached, a retry"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One entry of a task's transcript."""

    task_id: str
    seq: int
    turn: int
    kind: StepKind
    body: JsonObject
    at: float


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


class IntentState(StrEnum):
    STARTED = "started"
    RAN = "ran"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    DROPPED = "dropped"
    """in doubt, and a person said: leave it"""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """One line of the execution ledger: what was about to run, written before it ran, and what came of it."""

    id: str
    key: str
    """unique: `call:<task>:<call>` or `proposal:<id>`"""
    tenant: str
    task_id: str
    invoked_by: str
    skill: str
    tool: str
    tool_version: str
    tier: str
    approved_by: list[str]
    dry_run: bool
    reason_code: str
    rules: list[str]
    input: JsonObject
    """redacted"""
    idempotency_key: str
    correlation_id: str
    agent_version: str
    policy_version: str
    state: IntentState
    output: JsonObject | None
    """redacted"""
    outcome: str
    evidence: str | None
    env: str
    target: str
    """what it acts on: kind and id"""
    blast: int
    """percent of what was counted when it was previewed"""
    started_at: float
    finished_at: float | None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """An immutable, redacted snapshot under its content hash."""

    hash: str
    tenant: str
    task_id: str
    tool: str
    label: str
    content: JsonObject
    at: float
    gone: str = ""
    """why its content is no longer here, one sentence; "" while it is"""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One link of a tenant's hash chain."""

    tenant: str
    seq: int
    at: float
    event: str
    task_id: str
    correlation_id: str
    body: str
    """canonical JSON; of an erased entry, what storage/erased.py says"""
    prev: str
    hash: str
    salt: str = ""
    """what the body is committed to with; "" where the link is over the body itself, and where that was erased"""


class PostKind(StrEnum):
    CARD = "card"
    STREAM = "stream"
    """a streamed message a worker is (or was) writing"""
    NOTICE = "notice"
    DIGEST = "digest"
    PICTURE = "picture"
    """a number over time that people asked to look at"""
    REPLACED = "replaced"
    """a streamed message whose answer was asked for again"""
    SESSION = "session"
    """no message: what Slack says of the work in a thread"""
    CONSENT = "consent"
    """a question that one person sees"""


@dataclass(frozen=True, kw_only=True)
class Post:
    """One Slack message of ours: which one shows what, and whether it shows the newest."""

    id: str
    tenant: str
    task_id: str | None
    kind: PostKind
    subject: str
    channel: str
    thread_ts: str
    ts: str | None
    wanted: int
    shown: int
    sending: bool
    """a send was begun and its answer never seen: look for it before sending again"""
    attempt: int
    body: JsonObject
    created_at: float


class ScheduleKind(StrEnum):
    DIGEST = "digest"
    """what happened since the digest before"""
    AUTONOMY = "autonomy"
    """how the week's proposals went, with a chart"""
    REQUEST = "request"
    """a request to the agent; the one kind that can act, so it has to be proven before it runs alone"""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    id: str
    tenant: str
    kind: ScheduleKind
    cron: str
    """five fields; "" when it comes every so many seconds"""
    every_seconds: float | None
    tz: str
    channel: str
    payload: JsonObject
    enabled: bool
    next_at: float
    last_at: float | None
    """the planned time of the newest firing"""
    owner: str
    """who last said what it does; its tasks are asked for in this person's name"""


@dataclass(frozen=True, kw_only=True)
class ScheduleRun:
    """One run of a schedule that acts, from its firing (or a press) to the end of its task."""

    id: str
    tenant: str
    schedule_id: str
    definition: str
    stage: str
    """of the rollout: dry_run | manual | unattended"""
    planned_at: float
    requester: str
    channel: str
    text: str
    task_id: str | None
