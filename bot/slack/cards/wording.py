"""Small words every card shares: times, counts, and saying that something is longer than it looks here."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from bot.slack.cards import escaping

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def when(at: float) -> str:
    """A moment that each reader sees in their own zone; UTC where Slack cannot."""
    return f"<!date^{int(at)}^{{date_short_pretty}} {{time}}|{utc(at)}>"


def utc(at: float) -> str:
    """The same moment without markup."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def duration(seconds: float) -> str:
    """How long something took: "3.2 s", "4 min", "2 h 5 min"."""
    if seconds < _MINUTE:
        return f"{max(0.0, seconds):.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"
    return f"{seconds / _DAY:.1f} days"


def plural(count: int, noun: str) -> str:
    """A count with its noun: "1 task", "2 tasks"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def folded(text: str, what: str = "value") -> str:
    """Says that something too long for the card stands whole elsewhere."""
    return f"_{what} is {len(text):,} characters: Show all_"


def shortened(text: str, limit: int, draw: Callable[[str], str] = escaping.prose) -> str:
    """Words that may be shortened (never a value), drawn; says so when they are. At most `limit` characters."""
    if len(text) <= limit and len(drawn := draw(text)) <= limit:
        return drawn
    note = f" … ({len(text):,} characters: Show all)"
    keep = limit
    while keep and len(draw(text[:keep])) + len(note) > limit:
        keep = keep * 3 // 4
    return draw(text[:keep]) + note


def clipped(lines: Iterable[str], *, most: int, limit: int, noun: str) -> list[str]:
    """The first lines that fit in `most` lines and `limit` characters; the last says how many more there are."""
    every = list(lines)
    note_room = len(noun) + 30
    kept: list[str] = []
    size = 0
    for text in every:
        if len(kept) == most or size + len(text) + 1 > limit - note_room:
            break
        kept.append(text)
        size += len(text) + 1
    rest = len(every) - len(kept)
    return [*kept, f"_and {rest:,} more {noun}{'' if rest == 1 else 's'}_"] if rest else kept
