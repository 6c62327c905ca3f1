"""Pure: one audit entry as a CloudEvents 1.0 event in structured JSON: https://github.com/cloudevents/spec"""

import datetime as dt

from policy.redaction import Redactor
from storage.canonical import canonical
from storage.erased import told
from storage.records import AuditEntry

CONTENT_TYPE = "application/cloudevents+json"
STREAM = "events.ops_agents.v1"


def event_id(entry: AuditEntry) -> str:
    """The same for every delivery of one entry, so a receiver can tell a repeat."""
    return f"{entry.tenant}:{entry.seq}"


def render(entry: AuditEntry, redactor: Redactor) -> bytes:
    """The event's bytes: the same for the same entry, so repeats are equal."""
    body, masked = redactor.json(told(entry.body))
    data = {
        "body": body,
        "correlation_id": entry.correlation_id,
        "hash": entry.hash,
        "prev": entry.prev,
        "salt": entry.salt,
        # the hash is over the record's own words: with this set, it cannot be computed from `body`
        "redacted": bool(masked),
    }
    event = {
        "specversion": "1.0",
        "id": event_id(entry),
        "source": f"/ops-autopilot/tenants/{entry.tenant}",
        "type": entry.event,
        "time": dt.datetime.fromtimestamp(entry.at, dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"urn:ops-autopilot:{STREAM}",
        "stream": STREAM,
        # https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md: compares as text
        "sequence": f"{entry.seq:020d}",
        "data": data,
    }
    if entry.task_id:
        event["subject"] = entry.task_id
    return canonical(event).encode()
