"""What begins by itself."""

from dataclasses import dataclass
from enum import StrEnum

from storage.records.values import JsonObject


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
