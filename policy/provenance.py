"""Where each argument's value came from. What nothing vouches for is untrusted, whatever it says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]


class Origin(StrEnum):
    """Who vouches for a value."""

    LITERAL_OF_REQUEST = "literal_of_request"
    LOOKED_UP = "looked_up"
    PLAYBOOK = "playbook"
    UNTRUSTED = "untrusted"


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


def trace(
    arguments: Mapping[str, Value],
    *,
    trusted_text: str | Sequence[str],
    looked_up: Sequence[LookedUp] = (),
    constants: Mapping[str, Value] | None = None,
) -> Mapping[str, Provenance]:
    """The provenance of every scalar slot ("replicas", "hosts[0]", "labels.team"); empty slots are left out.

    A constant vouches only for its own slot. Words and look-ups vouch for a value wherever it stands, so two named
    targets that were swapped are not told apart here.
    """
    texts = [trusted_text] if isinstance(trusted_text, str) else list(trusted_text)
    fixed = dict(_slots("", constants or {}))
    return {
        slot: _of(slot, value, texts, looked_up, fixed)
        for slot, value in _slots("", arguments)
        if value is not None and value != ""
    }


def untrusted(traced: Mapping[str, Provenance]) -> tuple[str, ...]:
    """The slots that nothing vouches for."""
    return tuple(slot for slot, one in traced.items() if one.origin is Origin.UNTRUSTED)


Scalar = str | int | float | bool | None


def _of(
    slot: str, value: Scalar, texts: Sequence[str], looked_up: Sequence[LookedUp], fixed: Mapping[str, Scalar]
) -> Provenance:
    if slot in fixed and _same(fixed[slot], value):
        return Provenance(origin=Origin.PLAYBOOK, where="fixed by the playbook")
    if any(_says(text, value) for text in texts):
        return Provenance(origin=Origin.LITERAL_OF_REQUEST, where="named in the request")
    for found in looked_up:
        for path, scalar in _slots(found.path, found.value):
            if _same(scalar, value):
                return Provenance(origin=Origin.LOOKED_UP, where=f"looked up: {found.tool} {path}".rstrip())
    return Provenance(origin=Origin.UNTRUSTED, where="in neither the request nor a trusted look-up")


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


def _same(one: Scalar, other: Scalar) -> bool:
    # 1 == True in Python, but "1 replica" does not vouch for a switch.
    return type(one) is type(other) and one == other


def _says(text: str, value: Scalar) -> bool:
    match value:
        case bool():
            # A text that says both vouches for neither.
            words = (*_SWITCHED.findall(text), *_SAID.findall(text))
            return {word.lower() in _MEANS_TRUE for word in words} == {value}
        case int() | float():
            return bool(re.search(rf"(?<![\w.-]){re.escape(str(value))}(?![\w-]|\.\d)", text))
        case str():
            return len(value.strip()) > 1 and _stands_in(" ".join(text.split()), " ".join(value.split()))
        case _:
            return False


def _stands_in(text: str, words: str) -> bool:
    # A full stop or colon that ends a sentence does not continue the identifier before it.
    after = r"(?![\w/@-]|[.:]\w)"
    return bool(re.search(rf"(?<!{_EDGE}){re.escape(words)}{after}", text, re.IGNORECASE))
