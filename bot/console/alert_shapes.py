"""Pure: what Alertmanager, Grafana, PagerDuty and plain JSON send -> an alert. What does not fit raises."""

import hashlib
from typing import Literal

from pydantic import BaseModel, Field, TypeAdapter

from bot.orchestrator.alerts import Alert

_MOST = 20
"""alerts of one group that are quoted"""


class _One(BaseModel):
    status: str = "firing"
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Group(BaseModel):
    """https://prometheus.io/docs/alerting/latest/configuration/#webhook_config; Grafana sends the same and a title."""

    group_key: str = Field(alias="groupKey")
    status: Literal["firing", "resolved"]
    labels: dict[str, str] = Field(default={}, alias="commonLabels")
    annotations: dict[str, str] = Field(default={}, alias="commonAnnotations")
    alerts: list[_One] = []
    title: str = ""
    message: str = ""


class _Service(BaseModel):
    summary: str = ""


class _Incident(BaseModel):
    id: str
    title: str = ""
    urgency: str = ""
    html_url: str = ""
    service: _Service | None = None


class _DutyEvent(BaseModel):
    event_type: str
    data: dict[str, object] = {}


class _Duty(BaseModel):
    """https://developer.pagerduty.com/docs/webhooks-overview (v3)"""

    event: _DutyEvent


class _Plain(BaseModel):
    title: str = Field(min_length=1)
    text: str = ""
    key: str = ""
    status: Literal["firing", "resolved"] = "firing"


def read(source: str, channel: str, body: bytes) -> Alert | None:
    """The alert; None for what is none, such as a ping.

    Raises:
        pydantic.ValidationError: it is not what this source sends.
    """
    match source:
        case "alertmanager" | "grafana":
            return _group(source, channel, _Group.model_validate_json(body))
        case "pagerduty":
            return _incident(channel, _Duty.model_validate_json(body).event)
        case _:
            return _plain(channel, _Plain.model_validate_json(body))


def _group(source: str, channel: str, found: _Group) -> Alert:
    name = (
        found.title or found.labels.get("alertname") or next((a.labels.get("alertname", "") for a in found.alerts), "")
    )
    summary = found.annotations.get("summary") or next((a.annotations.get("summary", "") for a in found.alerts), "")
    lines = [found.message, *(_said(one) for one in found.alerts[:_MOST])]
    if len(found.alerts) > _MOST:
        lines.append(f"and {len(found.alerts) - _MOST} more")
    return Alert(
        key=f"{source}:{channel}:{found.group_key}",
        channel=channel,
        title=" · ".join(part for part in (name, summary) if part) or found.group_key,
        details="\n".join(line for line in lines if line),
        firing=found.status == "firing",
    )


def _said(one: _One) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
    notes = "; ".join(one.annotations[name] for name in ("summary", "description") if one.annotations.get(name))
    return f"[{one.status}] {labels}" + (f": {notes}" if notes else "")


def _incident(channel: str, event: _DutyEvent) -> Alert | None:
    firing = {"incident.triggered": True, "incident.reopened": True, "incident.resolved": False}.get(event.event_type)
    if firing is None:
        return None
    found = TypeAdapter(_Incident).validate_python(event.data)
    service = found.service.summary if found.service else ""
    facts = {"service": service, "urgency": found.urgency, "incident": found.html_url}
    return Alert(
        key=f"pagerduty:{channel}:{found.id}",
        channel=channel,
        title=found.title or found.id,
        details="\n".join([found.title, *(f"{name}: {value}" for name, value in facts.items() if value)]),
        firing=firing,
    )


def _plain(channel: str, found: _Plain) -> Alert:
    own = found.key or hashlib.sha256(found.title.encode()).hexdigest()
    return Alert(
        key=f"json:{channel}:{own}",
        channel=channel,
        title=found.title,
        details="\n".join(part for part in (found.title, found.text) if part),
        firing=found.status == "firing",
    )
