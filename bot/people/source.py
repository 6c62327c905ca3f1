"""Where a group's people come from: one question, asked at the moment somebody presses."""

import re
from datetime import datetime
from typing import Annotated, Protocol

from pydantic import AfterValidator

Names = frozenset[str]
"""Slack user ids and e-mail addresses, as the source writes them"""

_SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}")
_EMAIL = re.compile(r"[^@\s<>\"]{1,100}@[^@\s<>\"]{1,150}")


class SourceDown(Exception):
    """A source did not give an answer that can be used; the message names it and says why, and holds no secret."""


class Source(Protocol):
    """Says who it names at a moment."""

    async def names(self, at: datetime) -> Names:
        """Everybody it names at `at` (aware); empty when it names nobody.

        Raises:
            SourceDown: it cannot say.
        """
        ...


def is_email(name: str) -> bool:
    return _EMAIL.fullmatch(name) is not None


def _name(name: str) -> str:
    if _SLACK_ID.fullmatch(name):
        return name
    if is_email(name):
        return name.lower()
    raise ValueError(f"{name!r} is neither a Slack user id (U…) nor an e-mail address")


Name = Annotated[str, AfterValidator(_name)]
"""one person, as files write them"""
