"""Links that nobody allowed are made dead before anybody can follow them: a link can carry out what was read."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

_SCHEME: Final = re.compile(
    r"(?<![A-Za-z0-9])(?P<scheme>[a-z][a-z0-9+.-]{1,20})(?P<rest>:(?://|\\\\|&#47;&#47;)(?P<host>[^\s/?#<>|)\]\"'`\\]*)[^\s<>|)\]\"'`]*)",
    re.IGNORECASE,
)
_MAILTO: Final = re.compile(
    r"(?<![A-Za-z0-9])(?P<scheme>mailto|tel|javascript|data|vbscript|slack):(?=\S)", re.IGNORECASE
)
# A name under a top-level domain of the web, as clients make links of it. Endings that are also file names or code
# ("deploy.sh", "main.py") only count with a path or a question behind them.
_TLD: Final = (
    "com|net|org|io|dev|app|ai|co|info|biz|me|xyz|site|online|top|cloud|link|click|page|tech|store|shop|live|news|pro|"
    "example|test|eu|de|uk|fr|nl|us|ca|ru|cn|jp|kr|in|br|au|ch|at|it|es|se|no|fi|dk|be|cz|pl|tk|ml|ga|cf|gq|su|tv|gg|cc|"
    "to|ly|fm|gl|is|im|st|ws|onion|zip|mov|goog|google|aws|microsoft|amazon"
)
_FILE: Final = "sh|py|md|rs|pl|so|ps|ts|js|go|rb|cs|vi|tf|mk|pm|ml|cc|st|zip|mov"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_BARE: Final = re.compile(
    rf"(?<![\w.@/:-])(?P<host>(?:{_LABEL}\.)+(?:(?:{_TLD})(?![\w-])|(?:{_FILE})(?=[/?#])))(?P<rest>(?:[:/?#][^\s<>|)\]\"'`]*)?)",
    re.IGNORECASE,
)
_DOTTED: Final = re.compile(r"\.")


def defang(text: str, *, allowed: Iterable[str]) -> str:
    """The text with every link outside these hosts made dead: hxxps://evil[.]example/…, evil[.]com.

    `allowed`: hosts, and "*.example.com" for those below one.
    """
    hosts = tuple(one.lower() for one in allowed)

    def with_scheme(found: re.Match[str]) -> str:
        if found["scheme"].lower() in ("http", "https") and _fine(found[0], hosts):
            return found[0]
        scheme = found["scheme"].replace("tt", "xx").replace("TT", "XX")
        scheme = scheme if scheme != found["scheme"] else f"{scheme}[:]"
        return f"{scheme}{_broken(found['rest'])}"

    def bare(found: re.Match[str]) -> str:
        return found[0] if _fine(f"https://{found[0]}", hosts) else _broken(found["host"]) + found["rest"]

    text = _SCHEME.sub(with_scheme, text)
    text = _MAILTO.sub(lambda found: f"{found['scheme']}[:]", text)
    return _BARE.sub(bare, text)


class Filter(Protocol):
    """Text that arrives in pieces, and leaves in pieces that end behind white space."""

    def feed(self, piece: str) -> str: ...
    def close(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Defanged:
    """A filter whose output has no live links outside these hosts; a piece never ends inside a link."""

    inner: Filter
    allowed: tuple[str, ...]

    def feed(self, piece: str) -> str:
        return defang(self.inner.feed(piece), allowed=self.allowed)

    def close(self) -> str:
        return defang(self.inner.close(), allowed=self.allowed)


def live_links(text: str, *, allowed: Iterable[str]) -> Iterator[str]:
    """The links of a text that somebody could follow to a host that is not allowed."""
    hosts = tuple(one.lower() for one in allowed)
    for found in _SCHEME.finditer(text):
        if found["scheme"].lower() in ("http", "https") and not _fine(found[0], hosts):
            yield found[0]
    for found in _BARE.finditer(text):
        if not _fine(f"https://{found[0]}", hosts):
            yield found[0]


def _broken(text: str) -> str:
    return _DOTTED.sub("[.]", text)


def _fine(url: str, hosts: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if "\\" in url or "&#" in url or parts.username is not None or not host.isascii():
        return False
    return any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in hosts)
