"""The tables, nothing else. Every row carries its tenant; changes go through Alembic (storage/migrations)."""

from storage.tables.approval import factors, grants, proposals, reminders, seals, step_ups, votes
from storage.tables.columns import metadata
from storage.tables.control import (
    api_tokens,
    event_deliveries,
    event_sinks,
    halts,
    lowerings,
    rollout_runs,
    run_leases,
    schedule_runs,
    schedules,
)
from storage.tables.ledger import audit, audit_heads, checkpoints, erasing, evidence, intents
from storage.tables.slack import (
    alerts,
    channel_settings,
    consents,
    homes,
    installations,
    oauth_states,
    org_workspaces,
    posts,
)
from storage.tables.work import evaluations, feedback, inbox, mandates, skill_runs, steps, tasks

__all__ = [
    "alerts",
    "api_tokens",
    "audit",
    "audit_heads",
    "channel_settings",
    "checkpoints",
    "consents",
    "erasing",
    "evaluations",
    "event_deliveries",
    "event_sinks",
    "evidence",
    "factors",
    "feedback",
    "grants",
    "halts",
    "homes",
    "inbox",
    "installations",
    "intents",
    "lowerings",
    "mandates",
    "metadata",
    "oauth_states",
    "org_workspaces",
    "posts",
    "proposals",
    "reminders",
    "rollout_runs",
    "run_leases",
    "schedule_runs",
    "schedules",
    "seals",
    "skill_runs",
    "step_ups",
    "steps",
    "tasks",
    "votes",
]
