"""Which slot a value of the request belongs in: "from a to b" names two hosts, and swapping them is another request."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from policy.clauses import stem

Scalar = str | int | float | bool | None

_FROM: Final = frozenset(map(stem, ("source", "src", "from", "old", "origin", "before", "start", "begin", "was")))
_TO: Final = frozenset(
    map(stem, ("target", "dest", "destination", "to", "into", "new", "after", "end", "until", "onto", "dst"))
)
_BEFORE_FROM: Final = re.compile(r"(?:\bfrom|\bsource(?:\s+is)?|\boff|\bsince|\bbetween|\bof)\W*$", re.IGNORECASE)
_BEFORE_TO: Final = re.compile(
    r"(?:\bto|\binto|\bonto|\btowards?|\buntil|\btarget(?:\s+is)?|\bdestination(?:\s+is)?|→|->|=>)\W*$", re.IGNORECASE
)
_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "second": ("s", "sec", "second", "rps"),
    "minute": ("m", "min", "mins", "minute"),
    "hour": ("h", "hr", "hour"),
    "day": ("d", "day"),
    "percent": ("%", "percent", "pct"),
    "per": ("/s", "per", "a", "rps", "/"),
    "replica": ("replica", "pod", "instance", "copy"),
    "amount": ("$", "€", "£", "usd", "eur", "dollar", "euro"),
}
_BY_STEM: Final = {stem(name): units for name, units in _UNITS.items()}
NUMBER_BEGINS: Final = r"(?<![\w.-])(?<!\d:)"
NUMBER_ENDS: Final = r"(?![\w-]|[.:]\d)"
"""what is no part of a version, a date or a time of day"""
_NEAR: Final = 24
"""characters on either side in which a word can say what a value is"""


def unsettled(values: Mapping[str, Scalar], texts: Sequence[str]) -> dict[str, str]:
    """Slots whose value stands in the request, but perhaps for another slot: slot → why, in words.

    `values` are the slots whose value is a literal of the request.
    """
    out: dict[str, str] = {}
    for slot, value in values.items():
        roles = _roles(value, texts)
        mine = _class(slot)
        if mine and roles and mine not in roles and {"from", "to"} & roles:
            out[slot] = f"the request names it, but as the {_other(mine)}"
        elif not mine and roles == {"from"} and any("to" in _roles(one, texts) for one in _rivals(slot, value, texts)):
            out[slot] = "the request names it as what was before"
    loose = [slot for slot in values if slot not in out and not _class(slot)]
    for kind in (str, (int, float)):
        alike = [slot for slot in loose if isinstance(values[slot], kind) and not isinstance(values[slot], bool)]
        uncued = [slot for slot in alike if not _cued(slot, values[slot], texts)]
        if len({str(values[slot]) for slot in uncued}) > 1:
            out |= dict.fromkeys(uncued, "named in the request; which is which is the bot's reading")
    for slot in loose:
        if slot not in out and (other := _meant_instead(slot, values[slot], texts)) is not None:
            out[slot] = f"the request says to {other}; that it means {values[slot]} is the bot's reading"
    return out


def _meant_instead(slot: str, value: Scalar, texts: Sequence[str]) -> Scalar:
    """The number that the request says something shall become, when this is another one that it happens to hold."""
    if isinstance(value, bool) or not isinstance(value, int | float) or "to" in _roles(value, texts):
        return None
    if _cued(slot, value, texts):
        return None
    return next((one for one in _rivals(slot, value, texts) if "to" in _roles(one, texts)), None)


def _class(slot: str) -> str:
    words = {stem(word) for word in re.findall(r"[a-z]+", slot.lower())}
    return "from" if words & _FROM else "to" if words & _TO else ""


def _other(role: str) -> str:
    return "target" if role == "from" else "source"


def _spots(value: Scalar, texts: Sequence[str]) -> list[tuple[str, str]]:
    """(what stands before, what stands after) of each mention."""
    words = re.escape(" ".join(str(value).split()))
    found = []
    for text in texts:
        line = " ".join(text.split())
        for match in re.finditer(rf"{NUMBER_BEGINS}{words}{NUMBER_ENDS}", line, re.IGNORECASE):
            found.append((line[max(0, match.start() - _NEAR) : match.start()], line[match.end() : match.end() + _NEAR]))
    return found


def _roles(value: Scalar, texts: Sequence[str]) -> set[str]:
    out = set()
    for before, _after in _spots(value, texts):
        out.add("to" if _BEFORE_TO.search(before) else "from" if _BEFORE_FROM.search(before) else "")
    return out


def _rivals(slot: str, value: Scalar, texts: Sequence[str]) -> list[Scalar]:
    """Other values of the same shape that the request names."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        numbers = {
            one for text in texts for one in re.findall(rf"{NUMBER_BEGINS}\d+(?:\.\d+)?(?!\.){NUMBER_ENDS}", text)
        }
        return [int(one) if "." not in one else float(one) for one in sorted(numbers) if one != str(value)]
    words = {one for text in texts for one in re.findall(r"[\w-]+(?:[./:@-][\w-]+)*", text)}
    return [one for one in sorted(words) if one.lower() != value.lower()]


def _cued(slot: str, value: Scalar, texts: Sequence[str]) -> bool:
    """Whether a word near a mention says which slot it is for."""
    names = {stem(word) for word in re.findall(r"[a-z]+", slot.lower())}
    units = {unit for name in names for unit in _BY_STEM.get(name, ())}
    if isinstance(value, str) and names & {stem(word) for word in re.findall(r"[a-z]+", value.lower())}:
        return True  # "team-b" is the team
    for before, after in _spots(value, texts):
        next_to = re.match(r"\s*(/?[a-z%$€£]+|/)", after, re.IGNORECASE)
        unit = next_to[1].lower() if next_to else ""
        if {unit, stem(unit)} & units or (unit.startswith("/") and "/s" in units):
            return True
        last, first = re.findall(r"[a-z]+", before.lower())[-2:], re.findall(r"[a-z]+", after.lower())[:1]
        if names & {stem(word) for word in (*last, *first)}:
            return True
    return False
