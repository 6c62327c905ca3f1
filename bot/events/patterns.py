"""Pure: which events a sink asks for. `*` stands for any part of a name; nothing else is special."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from bot.events.errors import BadSink

PUBLISHED = "ops."
"""entries whose names begin so are events; the rest of the record stays inside"""
_PATTERN = re.compile(r"[a-z0-9_.*]+")


def checked(patterns: Iterable[str]) -> list[str]:
    """The patterns, without repeats.

    Raises:
        BadSink: one of them can never match an event.
    """
    found = list(dict.fromkeys(pattern.strip() for pattern in patterns))
    for pattern in found:
        fixed = pattern.partition("*")[0]
        if not _PATTERN.fullmatch(pattern) or not (fixed.startswith(PUBLISHED) or PUBLISHED.startswith(fixed)):
            raise BadSink(
                f"no event is named like {pattern!r}; take one such as 'ops.agent_task.failed' or 'ops.agent_task.*'"
            )
    return found or [PUBLISHED + "*"]


def wanted(event: str, patterns: Sequence[str]) -> bool:
    """Whether a sink with these patterns gets this event."""
    return event.startswith(PUBLISHED) and any(fnmatchcase(event, pattern) for pattern in patterns)
