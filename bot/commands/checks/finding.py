"""One line of the doctor's report."""

from dataclasses import dataclass
from enum import StrEnum

from bot.terminal.marks import NEITHER, NO, YES


class State(StrEnum):
    OK = "ok"
    BROKEN = "broken"
    """`run` cannot work like this"""
    OPEN = "open"
    """not needed, not set, or cannot be seen from here"""


MARKS = {State.OK: YES, State.BROKEN: NO, State.OPEN: NEITHER}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was looked at, how it stands, and what to do next."""

    check: str
    state: State
    says: str
    fix: str = ""

    def line(self) -> str:
        return f"{MARKS[self.state]} {self.check}: {self.says}" + (f"; {self.fix}" if self.fix else "")


def ok(check: str, says: str) -> Finding:
    return Finding(check=check, state=State.OK, says=says)


def broken(check: str, says: str, fix: str) -> Finding:
    return Finding(check=check, state=State.BROKEN, says=says, fix=fix)


def open_(check: str, says: str, fix: str = "") -> Finding:
    return Finding(check=check, state=State.OPEN, says=says, fix=fix)
