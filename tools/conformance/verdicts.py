"""What the conformance suite says about one promise of one tool."""

from dataclasses import dataclass
from enum import StrEnum


class Promise(StrEnum):
    """What every tool promises, as `autopilot tools check` prints it."""

    SCHEMA = "arguments read back as they were written"
    STRICT = "unknown arguments are refused"
    EXAMPLES = "its examples run"
    OUTPUT = "the output has the shape of the example's"
    HARMLESS = "looking changes nothing"
    EFFECT = "a change takes, and verify sees it"
    NOTICED = "a preview after the change shows another state"
    ONCE = "the same intent twice is one effect"
    UNDO = "undo restores the state before"
    UNDONE = "a second undo changes nothing"
    SECRETS = "no secret comes back"
    DEADLINE = "it ends when its time is over"


class Verdict(StrEnum):
    """Whether a promise was kept."""

    KEPT = "kept"
    BROKEN = "broken"
    UNTRIED = "untried"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One promise of one tool, tried."""

    tool: str
    promise: Promise
    verdict: Verdict
    says: str = ""
    """why not, in words for its author"""
