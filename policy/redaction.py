"""Mask secrets and personal data in text, JSON and streams. Everything that leaves the gateway passes here."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policy import redaction_finders, redaction_gitleaks, redaction_rules, redaction_stream
from policy.redaction_rules import SENSITIVE_KEY, Claim, Finder, PatternRule
from policy.redaction_validators import is_value

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
Clean = str | int | float | bool | None | list["Clean"] | dict[str, "Clean"]

MAX_DEPTH: Final = 60
TOO_DEEP: Final = "[withheld:too-deep]"
MASK: Final = re.compile(r"\[(?:redacted|withheld):[^\[\]\s]+\]")
"""what stands where something was taken out"""

# Characters that nobody sees; put between the letters of a secret they would hide it from every pattern.
_INVISIBLE: Final = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# A short word, as most keys and many values of JSON are. Every rule that ships wants more, or a digit or a mark.
_WORD: Final = re.compile("[A-Za-z_]{0,15}")


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """Text without its secrets, and how many of each label were masked."""

    text: str
    found: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What the rules say about one text: claims in visible characters, and where those stand in the text."""

    text: str
    visible: str
    places: Sequence[int]
    """places[i] is the index in text of visible[i]; one more at the end"""
    claims: tuple[Claim, ...]

    @property
    def masks(self) -> list[tuple[int, int, str]]:
        """What to replace, in order, overlapping masks joined under the first one's label."""
        found = ((*claim.mask, claim.label) for claim in self.claims if claim.mask)
        joined: list[tuple[int, int, str]] = []
        for start, end, label in sorted(found, key=lambda one: (one[0], -one[1])):
            if joined and start < joined[-1][1]:
                first, last, name = joined[-1]
                joined[-1] = (first, max(last, end), name)
            else:
                joined.append((start, end, label))
        return joined

    def render(self, upto: int, counts: Counter[str], *, since: int = 0) -> str:
        """The text between two visible positions with its masks replaced; no mask may cross `upto`."""
        pieces: list[str] = []
        at = self.places[since]
        for start, end, label in self.masks:
            if end <= since or start >= upto:
                continue
            pieces += [self.text[at : self.places[start]], f"[redacted:{label}]"]
            counts[label] += 1
            at = self.places[end - 1] + 1
        pieces.append(self.text[at : self.places[upto]])
        return "".join(pieces)


class Redactor:
    """Masks by a list of rules; see `default` for the ones that ship."""

    def __init__(self, patterns: Iterable[PatternRule], finders: Iterable[Finder]) -> None:
        self._patterns = tuple(patterns)
        self._finders = tuple(finders)
        # One flat list: most texts are short and hold none of these, and then this is most of what they cost.
        self._needles = [(needle, place) for place, rule in enumerate(self._patterns) for needle in rule.needles]
        self._ships_alone = self._patterns == redaction_rules.SECRETS

    @classmethod
    def default(cls) -> "Redactor":
        """All rules that ship. Names and street addresses are not found; that needs a language model."""
        return cls(redaction_rules.SECRETS, redaction_finders.FINDERS)

    @classmethod
    def load(cls, rules: Path | None) -> "Redactor":
        """The rules that ship, and the customer's own.

        Raises:
            PolicyError: the file of rules cannot be used.
        """
        own = redaction_gitleaks.load(rules) if rules else ()
        return cls((*redaction_rules.SECRETS, *own), redaction_finders.FINDERS)

    def text(self, text: str) -> Redacted:
        """The text with every secret and personal detail replaced by its label."""
        scan = self.scan(text, complete=True)
        counts: Counter[str] = Counter()
        return Redacted(text=scan.render(len(scan.visible), counts), found=dict(counts))

    def json(self, value: Json) -> tuple[Clean, Mapping[str, int]]:
        """The same for JSON: every string, every key, and whatever stands under a key such as "password"."""
        counts: Counter[str] = Counter()
        return self._clean(value, counts, 0), dict(counts)

    def stream(self) -> "redaction_stream.Stream":
        """A redactor for text that arrives in pieces: never shows what `text` would hide."""
        return redaction_stream.Stream(self)

    def scan(self, text: str, *, complete: bool) -> Scan:
        """What the rules say; `complete` is false when more text may follow."""
        if complete and self._ships_alone and _WORD.fullmatch(text):
            return Scan(text=text, visible=text, places=range(len(text) + 1), claims=())
        visible, places = _visible(text)
        lowered = visible.lower()
        claims: list[Claim] = []
        for place in sorted({place for needle, place in self._needles if needle in lowered}):
            claims += self._patterns[place].find(visible, lowered, complete)
        for find in self._finders:
            claims += find(visible, complete)
        return Scan(text=text, visible=visible, places=places, claims=tuple(claims))

    def _clean(self, value: Json, counts: Counter[str], depth: int) -> Clean:
        if depth > MAX_DEPTH:
            counts["too-deep"] += 1
            return TOO_DEEP
        match value:
            case str():
                done = self.text(value)
                counts.update(done.found)
                return done.text
            case None | bool() | int() | float():
                return value
            case Mapping():
                return self._object(value, counts, depth)
            case _:
                return [self._clean(one, counts, depth + 1) for one in value]

    def _object(self, value: Mapping[str, Json], counts: Counter[str], depth: int) -> Clean:
        clean: dict[str, Clean] = {}
        for key, one in value.items():
            shown = self._key(key, counts)
            again = 1
            while (name := shown if again == 1 else f"{shown} ({again})") in clean:
                again += 1  # two keys can mask to one; neither value may vanish
            clean[name] = self._field(key, one, value, counts, depth)
        return clean

    def _key(self, key: str, counts: Counter[str]) -> str:
        done = self.text(key)
        counts.update(done.found)
        return done.text

    def _field(self, key: str, value: Json, whole: Mapping[str, Json], counts: Counter[str], depth: int) -> Clean:
        # Kubernetes and many others write {"name": "DB_PASSWORD", "value": "..."}.
        name = whole.get("name", whole.get("key")) if key == "value" else key
        if isinstance(name, str) and SENSITIVE_KEY.search(name):
            values = value if isinstance(value, list | tuple) else [value]
            if all(_is_secret_leaf(one) for one in values) and values:
                counts["secret"] += 1
                return "[redacted:secret]"
        return self._clean(value, counts, depth + 1)


def _is_secret_leaf(value: Json) -> bool:
    if isinstance(value, str):
        return is_value(value) and bool(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 1000


def _visible(text: str) -> tuple[str, Sequence[int]]:
    if not _INVISIBLE.search(text):
        return text, range(len(text) + 1)
    places = [place for place, one in enumerate(text) if not _INVISIBLE.match(one)]
    return "".join(text[place] for place in places), [*places, len(text)]
