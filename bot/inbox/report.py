"""What one round did, or would do."""

from dataclasses import dataclass
from enum import StrEnum

from bot.inbox.plan import Action


class Result(StrEnum):
    WOULD = "would be done"
    DONE = "done"
    PEOPLE = "waits for people"
    LATER = "tried again later"
    BEFORE = "dealt with before"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request of the round."""

    message: str
    sender: str
    subject: str
    action: Action
    text: str
    why: str
    result: Result
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole round. It is clean when it had something to do and nothing went wrong."""

    rows: tuple[Row, ...] = ()
    trouble: str = ""
    """of the round itself: the hub could not be read"""
    more: bool = False

    @property
    def troubles(self) -> list[str]:
        """Everything that went wrong, each sentence once."""
        return list(dict.fromkeys(one for one in (self.trouble, *(row.trouble for row in self.rows)) if one))

    @property
    def seen(self) -> int:
        """Requests that were new or under way; what was dealt with before proves nothing again."""
        return sum(row.result is not Result.BEFORE for row in self.rows)

    @property
    def clean(self) -> bool:
        return self.seen > 0 and not self.troubles
