"""A task and its transcript."""

from dataclasses import dataclass
from enum import StrEnum

from storage.records.values import JsonObject


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
