"""Redaction of text that arrives in pieces: hold back whatever could still become part of a secret."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from policy.redaction import Redactor, Scan

HOLD: Final = 64
"""Visible characters kept back. No rule needs more than this from its first white space until it can be seen."""
MAX_HELD: Final = 64 * 1024
"""A run without white space beyond this is withheld rather than kept in memory."""
CONTEXT: Final = 512
"""characters of a withheld run that are still looked at, so that a keyword at its end is not forgotten"""
WITHHELD: Final = "[withheld:too-long]"


class Stream:
    """Feed pieces, show what comes back, close. All of it together equals redacting the whole text at once.

    The one exception: where more than MAX_HELD characters cannot be released, they are withheld instead.
    """

    def __init__(self, redactor: "Redactor") -> None:
        self._redactor = redactor
        self._held = ""
        self._silent = 0
        """characters at the start of the held text that were withheld and serve as context only"""
        self._muted = False
        """inside a withheld run, up to its first white space"""
        self._scan_at = 0
        """held length from which looking again is worth its cost"""
        self._counts: Counter[str] = Counter()

    @property
    def found(self) -> Mapping[str, int]:
        """How many of each label were masked so far."""
        return dict(self._counts)

    def feed(self, piece: str) -> str:
        """What may be shown now."""
        self._held += piece
        if len(self._held) < max(self._scan_at, HOLD):
            return ""
        scan = self._redactor.scan(self._held, complete=False)
        cut = _safe_cut(scan)
        out = self._release(scan, cut)
        if len(self._held) > MAX_HELD:
            out += WITHHELD
            self._counts["too-long"] += 1
            self._held = self._held[-CONTEXT:]
            self._silent, self._muted = len(self._held), True
        # Text that cannot be released is looked at again only when it has grown by an eighth: linear in the end.
        self._scan_at = len(self._held) + max(16, len(self._held) // 8)
        return out

    def close(self) -> str:
        """The rest."""
        scan = self._redactor.scan(self._held, complete=True)
        return self._release(scan, len(scan.visible))

    def _release(self, scan: "Scan", cut: int) -> str:
        if cut == 0:
            return ""
        if self._muted:
            self._unmute(scan)
        since = sum(1 for place in scan.places[:-1] if place < self._silent) if self._silent else 0
        out = scan.render(cut, self._counts, since=since) if cut > since else ""
        released = scan.places[cut]
        self._held = self._held[released:]
        self._silent = max(0, self._silent - released)
        return out

    def _unmute(self, scan: "Scan") -> None:
        rest = self._held[self._silent :]
        run = len(rest) - len(rest.lstrip()) if rest[:1].isspace() else len(rest.split(maxsplit=1)[0]) if rest else 0
        self._silent += run
        self._muted = self._silent == len(self._held)


def _safe_cut(scan: "Scan") -> int:
    """The last visible position behind white space and HOLD before the end that no claim crosses; 0 when none is."""
    limit = len(scan.visible) - HOLD
    crossing = sorted(scan.claims, key=lambda claim: claim.start, reverse=True)
    while limit > 0:
        cut = next((place for place in range(limit, 0, -1) if scan.visible[place - 1].isspace()), 0)
        blocker = next((claim for claim in crossing if claim.start < cut < claim.end), None)
        if blocker is None:
            return cut
        limit = blocker.start
    return 0
