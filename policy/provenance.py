"""Where each argument's value came from. What nothing vouches for is untrusted, whatever it says."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policy.roles import NUMBER_BEGINS, NUMBER_ENDS, unsettled

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]


class Origin(StrEnum):
    """Who vouches for a value."""

    LITERAL_OF_REQUEST = "literal_of_request"
    OWN = "own"
    """an attribute of the person who asked"""
    PERSON = "person"
    """typed by a person who changed the call"""
    LOOKED_UP = "looked_up"
    PLAYBOOK = "playbook"
    CHOSEN = "chosen"
    """true as such, but one of several: that it is this one is the brain's guess"""
    OTHER = "other"
    """of the request, but for something else"""
    UNTRUSTED = "untrusted"

    @property
    def vouched(self) -> bool:
        """Whether somebody trusted stands for this value in this slot."""
        return self not in (Origin.CHOSEN, Origin.OTHER, Origin.UNTRUSTED)


@dataclass(frozen=True, kw_only=True)
class LookedUp:
    """One value that a trusted tool returned."""

    tool: str
    path: str
    """where in the result, as in "deploys[0].version" """
    value: Value


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The origin of one argument slot, and one line for people about it."""

    origin: Origin
    where: str


# How people say true and false. A bare "on" is a preposition, so it needs a verb that switches.
_SWITCHED: Final = re.compile(r"\b(?:turn|switch|flip|set|put)\b(?:\s+\S+){0,3}?\s+(on|off)\b", re.IGNORECASE)
_SAID: Final = re.compile(r"(?<![\w-])(true|false|enabled?|disabled?)(?![\w-])", re.IGNORECASE)
_MEANS_TRUE: Final = frozenset({"on", "true", "enable", "enabled"})
_EDGE: Final = r"[\w.:/@-]"
"""characters that continue an identifier: "checkout" is not a word of "checkout-v2" """
_INDEX: Final = re.compile(r"\[\d+\]")


def trace(
    arguments: Mapping[str, Value],
    *,
    trusted_text: str | Sequence[str],
    looked_up: Sequence[LookedUp] = (),
    constants: Mapping[str, Value] | None = None,
    own: Mapping[str, Value] | None = None,
    typed: Collection[str] = (),
    picked: Mapping[str, Value] | None = None,
    defaults: Mapping[str, Value] | None = None,
    elsewhere: Mapping[str, str] | None = None,
) -> Mapping[str, Provenance]:
    """The provenance of every scalar slot ("replicas", "hosts[0]", "labels.team"); empty slots are left out.

    A constant vouches only for its own slot, and so does a word of the request: of two named targets, each belongs
    where the request puts it. `own`: attributes of the person who asked, by what they are. `typed`: slots whose value
    a person typed. `picked`: values that an installed playbook took from the look-ups for their slots, so that which
    of them is no guess. `defaults`: what the tool takes when nothing is said. `elsewhere`: values read in places that
    nobody vouches for, and which.
    """
    texts = [trusted_text] if isinstance(trusted_text, str) else list(trusted_text)
    known = _Known(
        texts=texts,
        found=_index(looked_up),
        fixed=dict(_slots("", constants or {})),
        picked=dict(_slots("", picked or {})),
        defaults=dict(_slots("", defaults or {})),
        own={value: name for name, value in _slots("", own or {}) if value not in (None, "")},
        elsewhere=elsewhere or {},
    )
    slots = {slot: value for slot, value in _slots("", arguments) if value is not None and value != ""}
    out: dict[str, Provenance] = {}
    for slot, value in slots.items():
        by_hand = slot in typed
        out[slot] = Provenance(origin=Origin.PERSON, where="typed by a person") if by_hand else known.of(slot, value)
    literals = {slot: slots[slot] for slot, one in out.items() if one.origin is Origin.LITERAL_OF_REQUEST}
    for slot, why in unsettled(literals, texts).items():
        guess = "reading" in why
        out[slot] = Provenance(origin=Origin.CHOSEN if guess else Origin.OTHER, where=why)
    return out


def untrusted(traced: Mapping[str, Provenance]) -> tuple[str, ...]:
    """The slots that nothing vouches for."""
    return tuple(slot for slot, one in traced.items() if one.origin in (Origin.UNTRUSTED, Origin.OTHER))


def guessed(traced: Mapping[str, Provenance]) -> tuple[str, ...]:
    """The slots whose value is one of several that would do, by the brain's choice."""
    return tuple(slot for slot, one in traced.items() if one.origin is Origin.CHOSEN)


Scalar = str | int | float | bool | None
_Key = tuple[type, Scalar]


@dataclass(frozen=True, kw_only=True)
class _Found:
    tool: str
    path: str
    beside: frozenset[_Key]
    """every value that stands at this place of the look-ups, itself included"""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Everything that can vouch for a value."""

    texts: Sequence[str]
    found: Mapping[_Key, Sequence[_Found]]
    fixed: Mapping[str, Scalar]
    picked: Mapping[str, Scalar]
    defaults: Mapping[str, Scalar]
    own: Mapping[Scalar, str]
    elsewhere: Mapping[str, str]

    def of(self, slot: str, value: Scalar) -> Provenance:
        if slot in self.fixed and _same(self.fixed[slot], value):
            named = isinstance(value, str) and any(says(text, value) for text in self.texts)
            said = "named in the request, put here by the playbook" if named else "fixed by the playbook"
            return Provenance(origin=Origin.PLAYBOOK, where=said)
        if any(says(text, value) for text in self.texts):
            return Provenance(origin=Origin.LITERAL_OF_REQUEST, where="named in the request")
        if isinstance(value, str) and value in self.own:
            return Provenance(origin=Origin.OWN, where=f"the {self.own[value]} of who asked")
        places = self.found.get(_key(value), ())
        picked = slot in self.picked and _same(self.picked[slot], value)
        if places:
            return self._looked_up(places, picked=picked)
        if slot in self.defaults and _same(self.defaults[slot], value):
            return Provenance(origin=Origin.PLAYBOOK, where="what the tool takes when nothing is said")
        where = self.elsewhere.get(str(value)) if isinstance(value, str | int | float) else None
        if where:
            return Provenance(origin=Origin.UNTRUSTED, where=f"{where} (untrusted)")
        return Provenance(origin=Origin.UNTRUSTED, where="in neither the request nor a trusted look-up")

    def _looked_up(self, places: Sequence[_Found], *, picked: bool) -> Provenance:
        best: Provenance | None = None
        for one in places:
            where = f"looked up: {one.tool} {one.path}".rstrip()
            if picked or len(one.beside) == 1:
                return Provenance(origin=Origin.LOOKED_UP, where=where)
            named = [str(value) for _, value in one.beside if any(says(text, value) for text in self.texts)]
            if named:
                other = f"{where}, but the request names {named[0]!r}"
                best = best or Provenance(origin=Origin.OTHER, where=other)
            else:
                guess = f"one of {len(one.beside)} {where}; which one is the bot's choice"
                best = best or Provenance(origin=Origin.CHOSEN, where=guess)
        assert best is not None
        return best


def _index(looked_up: Sequence[LookedUp]) -> Mapping[_Key, Sequence[_Found]]:
    at: dict[tuple[str, str], set[_Key]] = {}
    flat = [(one.tool, path, value) for one in looked_up for path, value in _slots(one.path, one.value)]
    for tool, path, value in flat:
        at.setdefault((tool, _INDEX.sub("[]", path)), set()).add(_key(value))
    out: dict[_Key, list[_Found]] = {}
    for tool, path, value in flat:
        several = "[" in path
        beside = frozenset(at[tool, _INDEX.sub("[]", path)]) if several else frozenset({_key(value)})
        out.setdefault(_key(value), []).append(_Found(tool=tool, path=path, beside=beside))
    return out


def _slots(path: str, value: Value) -> Iterator[tuple[str, Scalar]]:
    match value:
        case None | str() | int() | float():
            yield path, value
        case Mapping():
            for key, one in value.items():
                yield from _slots(f"{path}.{key}" if path else key, one)
        case _:
            for index, one in enumerate(value):
                yield from _slots(f"{path}[{index}]", one)


def _key(value: Scalar) -> _Key:
    return type(value), value


def _same(one: Scalar, other: Scalar) -> bool:
    # 1 == True in Python, but "1 replica" does not vouch for a switch.
    return type(one) is type(other) and one == other


def says(text: str, value: Scalar) -> bool:
    """Whether a text names this value, whole and as a word of its own."""
    match value:
        case bool():
            # A text that says both vouches for neither.
            words = (*_SWITCHED.findall(text), *_SAID.findall(text))
            return {word.lower() in _MEANS_TRUE for word in words} == {value}
        case int() | float():
            return bool(re.search(rf"{NUMBER_BEGINS}{re.escape(str(value))}{NUMBER_ENDS}", text))
        case str():
            if value != value.strip() or len(value) < 2:
                return False
            # Between words any white space will do, but what the value holds must be what was typed.
            even = value == " ".join(value.split())
            return _stands_in(" ".join(text.split()) if even else text, value)
        case _:
            return False


def _stands_in(text: str, words: str) -> bool:
    # A full stop or colon that ends a sentence does not continue the identifier before it.
    after = r"(?![\w/@-]|[.:]\w)"
    # Only plain letters have a case here: Unicode would take "chec\u212aout" for "checkout".
    return bool(re.search(rf"(?<!{_EDGE})(?ai:{re.escape(words)}){after}", text))
