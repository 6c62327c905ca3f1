"""Frozen shapes handed out by this room. Times are seconds since the epoch, UTC, by the database's clock."""

from storage.records.approval import OPEN_STATES, PLAN, Proposal, ProposalState, Reminder, Vote
from storage.records.ledger import AuditEntry, Evidence, Intent, IntentState, NewIntent
from storage.records.schedule import Schedule, ScheduleKind, ScheduleRun
from storage.records.slack import Post, PostKind
from storage.records.values import JsonObject, JsonValue
from storage.records.work import UNATTENDED, Source, Step, StepKind, Task, TaskState

__all__ = [
    "OPEN_STATES",
    "PLAN",
    "UNATTENDED",
    "AuditEntry",
    "Evidence",
    "Intent",
    "IntentState",
    "JsonObject",
    "JsonValue",
    "NewIntent",
    "Post",
    "PostKind",
    "Proposal",
    "ProposalState",
    "Reminder",
    "Schedule",
    "ScheduleKind",
    "ScheduleRun",
    "Source",
    "Step",
    "StepKind",
    "Task",
    "TaskState",
    "Vote",
]
