"""Card truth: what stands on a card is what the value is. Nothing here cuts, and nothing comes out as markup."""

import json
import re
import unicodedata
from urllib.parse import urlsplit

from pydantic import JsonValue

from bot.slack.cards.lookalikes import deceptive

LINE_BREAK = "\u23ce"
"""how a line break is drawn; the same character in a value is drawn as its code point"""
_ACTIVE = re.compile(r"[*_~`]|:(?=[A-Za-z+_-]|[0-9]+[a-z:])|^\s*>|^\s|\s$|  |^$")
"""what Slack would read as formatting, an emoji or a quote, and blanks it would swallow"""
_ALSO_HIDDEN = frozenset(f"{LINE_BREAK}\t")
_AFTER_BACKSLASH = frozenset(f"u\\`{LINE_BREAK}\t")
_USER = re.compile(r"[UW](?=[A-Z]*[0-9])[A-Z0-9]{3,20}", re.ASCII)
_OURS = re.compile(r"(<@[UW](?=[A-Z]*[0-9])[A-Z0-9]{3,20}>|<#C[A-Z0-9]{3,20}>)", re.ASCII)
_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9\-._~:/?#@!$&'()+,;=%]*)?", re.ASCII)
_URL_LENGTH = 2_000
_LINK_LENGTH = 300


def reveal(text: str) -> str:
    r"""The text with every deceptive character as its code point: `\u202e`. No two texts come out the same.

    A backslash that could be mistaken for ours is doubled, and a line break is drawn as a mark.
    """
    odd = deceptive(text)
    out: list[str] = []
    for place, char in enumerate(text):
        if place in odd or char in _ALSO_HIDDEN:
            out.append(_code_point(char))
        elif char == "\n":
            out.append(f" {LINE_BREAK} ")
        elif char == "\\" and place + 1 < len(text) and (place + 1 in odd or text[place + 1] in _AFTER_BACKSLASH):
            out.append("\\\\")
        else:
            out.append(char)
    return "".join(out)


def reveal_json(text: str) -> str:
    r"""The same for canonical JSON: what comes out is JSON of the very same value. Not JSON: as `reveal`."""
    try:
        json.loads(text)
    except ValueError:
        return reveal(text)
    odd = deceptive(text)
    shown = (_json_escape(c) if place in odd or c == LINE_BREAK else c for place, c in enumerate(text))
    return re.sub(r"[\n\t]", " ", "".join(shown))


def bare(value: JsonValue) -> str:
    """A value in words: a plain string without quotes, everything else as JSON. 1 and "1" stay apart."""
    if isinstance(value, str) and not _reads_as_json(value):
        return reveal(value)
    return reveal_json(json.dumps(value, ensure_ascii=False, sort_keys=True))


def code(shown: str) -> str:
    r"""A code span of text that went through `reveal`; a backtick inside is `\u0060`, so the span cannot be left."""
    return f"`{escape(shown.replace('`', chr(92) + 'u0060'))}`" if shown else "(empty)"


def prose(text: str) -> str:
    """Somebody's words as mrkdwn that formats nothing; words that hold formatting characters become a code span."""
    shown = reveal(text)
    return code(shown) if _ACTIVE.search(shown) else escape(shown)


def says(text: str) -> str:
    """A line made by code from sealed arguments: its `code spans` stay, everything else is literal."""
    parts = text.split("`")
    if not text.strip():
        return code(reveal(text))
    if len(parts) % 2 == 0 or any(not part for part in parts[1::2]):
        return code(reveal(text))
    return "".join(_said(part, spoken=place % 2 == 0) for place, part in enumerate(parts))


def ours(text: str) -> str:
    """A sentence of our own code: the people and channels in it are named, everything else in it is literal."""
    if not _OURS.search(text):
        return prose(text)
    parts = [part for part in _OURS.split(text) if part]
    return "".join(part if _OURS.fullmatch(part) else _said(part, spoken=True) for part in parts)


def plain(text: str) -> str:
    """Words for a plain_text object, where Slack formats nothing: deceptive characters shown, nothing else."""
    return reveal(text)


def escape(text: str) -> str:
    """Slack's three control characters as entities: https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def person(name: str) -> str:
    """A mention when it is a user id (only our records put ids there), else the name, literally."""
    return f"<@{name}>" if _USER.fullmatch(name) else prose(name)


def safe_url(url: str) -> str | None:
    """The address when it is plain http(s) without tricks, else None: then it is shown, not linked."""
    if len(url) > _URL_LENGTH or not _URL.fullmatch(url):
        return None
    return url


def host(url: str) -> str:
    """Where a safe address leads, to be shown beside its label."""
    return urlsplit(url).netloc


def link(url: str, label: str) -> str:
    """A mrkdwn link for one of our own labels; "" when the address is not safe."""
    safe = safe_url(url) if len(url) <= _LINK_LENGTH else None
    return f"<{escape(safe)}|{label}>" if safe else ""


def oddities(text: str) -> tuple[str, ...]:
    """The deceptive characters of a text by name, each once: "U+202E right-to-left override"."""
    found = dict.fromkeys(text[place] for place in sorted(deceptive(text)))
    return tuple(f"U+{ord(char):04X} {unicodedata.name(char, 'unnamed').lower()}" for char in found)


def _said(part: str, *, spoken: bool) -> str:
    shown = reveal(part)
    if not spoken:
        return code(shown)
    head, body, tail = shown[: len(shown) - len(shown.lstrip(" "))], shown.strip(" "), shown[len(shown.rstrip(" ")) :]
    if not body:
        return shown[:1]
    return f"{head[:1]}{code(body) if _ACTIVE.search(body) else escape(body)}{tail[:1]}"


def _reads_as_json(value: str) -> bool:
    """Whether a string needs its quotes to be told from another value or from blank space."""
    if value != value.strip() or "  " in value or not value or value[0] in '"(':
        return True
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


def _code_point(char: str) -> str:
    point = ord(char)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\u{{{point:x}}}"


def _json_escape(char: str) -> str:
    return json.dumps(char)[1:-1]
