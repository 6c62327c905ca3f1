"""Valid things by default; a test overrides what it is about."""

from typing import Any

from storage.records import Source
from storage.tasks import NewTask

TENANT = "T0ACME"


def a_new_task(**changes: Any) -> NewTask:
    """A mention by Ana in #incidents."""
    values: dict[str, Any] = {
        "tenant": TENANT,
        "source": Source.MENTION,
        "channel": "C0INC",
        "thread_ts": "1700000000.000100",
        "request_ts": "1700000000.000100",
        "requester": "U0ANA",
        "requester_team": TENANT,
        "text": "checkout is failing, what is going on?",
        "title": "checkout is failing",
        "agent": "autopilot",
        "agent_version": "a" * 64,
    }
    return NewTask(**(values | changes))
