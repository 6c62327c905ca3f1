"""Pure: what the worker may do about a request, and what it intends to do."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    ANSWER = "answer"
    """tell what is known: the question is answered"""
    REPLY = "reply"
    """coordinate: confirm, acknowledge, ask back"""
    NOTE = "note"
    """a progress note on the request, for whoever follows it"""
    MARK_READ = "mark_read"
    ESCALATE = "escalate"
    """leave it to people"""


ALLOWED = frozenset({Action.ANSWER, Action.REPLY, Action.NOTE, Action.MARK_READ})
"""all this worker ever does by itself. Code, not configuration, and asked at execution: after every brain"""

WITH_TEXT = frozenset({Action.ANSWER, Action.REPLY, Action.NOTE})
LONGEST_TEXT = 2000
"""characters of one answer, reply or note"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is going to be done about one request, and why."""

    action: Action
    text: str = ""
    why: str
    untrusted: bool = False
    """a model wrote the words, after it had read the message"""
    trouble: str = ""
    """what went wrong while planning; a run with one proves nothing"""


def escalate(why: str, *, trouble: str = "", untrusted: bool = False) -> Plan:
    """Leave it to people."""
    return Plan(action=Action.ESCALATE, why=why, trouble=trouble, untrusted=untrusted)
