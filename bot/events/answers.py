"""What came of one delivery."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """2xx."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The sink does not want this event."""

    error: str


@dataclass(frozen=True, kw_only=True)
class Unavailable:
    """The sink takes nothing now."""

    error: str
    asked: float = 0.0
    """seconds it asked us to wait"""


@dataclass(frozen=True, kw_only=True)
class Gone:
    """410: the sink wants nothing any more."""


Answer = Delivered | Refused | Unavailable | Gone
