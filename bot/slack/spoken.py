"""Pure: which word of ours a message after a mention holds. What asks for work begins like one, too: it stays work."""

import re

from bot.slack.cards.tasks import Word

_MENTION = re.compile(r"^\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>[\s:,]*")
_HAND = re.compile(r"hand\s+(?:it\s+|this\s+)?(?:over\s+)?to\s+(<@[UW][A-Z0-9]+(?:\|[^>]*)?>)\s*[.!]?", re.IGNORECASE)
_WITH_MORE = frozenset({Word.ASK, Word.HAND, Word.GRANT, Word.REVOKE, Word.RAISE})
"""words that mean nothing alone, so a message that holds one is a request"""
_MORE = {
    Word.HALT: re.compile(r"(?:[:,] )?(\S.*)", re.DOTALL),
    Word.LIFT: re.compile(r"(?:[:,] |because\s+)(\S.*)", re.DOTALL | re.IGNORECASE),
    Word.GRANT: re.compile(r"(`?[0-9a-f]{8,64}`?(?:\s+\d{1,4}){0,2})"),
    Word.REVOKE: re.compile(r"(`?g_[A-Za-z0-9_-]{1,60}`?)"),
    Word.RAISE: re.compile(r"(`?[a-z0-9_-]+\.[a-z0-9_.-]+`?\s+\S.*)", re.DOTALL),
    Word.SETTINGS: re.compile(r"(workspace)", re.IGNORECASE),
    Word.CONSENT: re.compile(r"(withdraw)\s*[.!]?", re.IGNORECASE),
}
"""what follows a word so that it is ours. Whoever says "halt" means it; "lift the limit" asks for work"""


def spoken(text: str) -> tuple[Word, str] | None:
    """The word and what follows it, or None when the message asks for work."""
    text = _MENTION.sub("", text).strip()
    if (handed := _HAND.fullmatch(text)) is not None:
        return Word.HAND, handed[1]
    first, *more = text.split(None, 1)[:2] or ("",)
    name = first.lower().strip("!.?:,")
    if name not in set(Word):
        return None
    word = Word(name)
    if not more:
        return None if word in _WITH_MORE else (word, "")
    rest = (f"{first[-1]} " if first[-1] in ":," else "") + more[0]
    found = pattern.fullmatch(rest) if (pattern := _MORE.get(word)) else None
    return (word, found[1].lower() if word is Word.CONSENT else found[1]) if found else None
