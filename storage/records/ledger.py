"""What ran, what it rests on, and the record."""

from dataclasses import dataclass
from enum import StrEnum

from storage.records.values import JsonObject


class IntentState(StrEnum):
    STARTED = "started"
    RAN = "ran"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    DROPPED = "dropped"
    """in doubt, and a person said: leave it"""


@dataclass(frozen=True, kw_only=True)
class NewIntent:
    """What is known when a call is about to run."""

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
    env: str = ""
    target: str = ""
    """what it acts on: kind and id"""
    blast: int = 0
    """percent of what was counted when it was previewed"""


@dataclass(frozen=True, kw_only=True)
class Intent(NewIntent):
    """One line of the execution ledger: what was about to run, written before it ran, and what came of it."""

    id: str
    state: IntentState
    output: JsonObject | None
    """redacted"""
    outcome: str
    evidence: str | None
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
