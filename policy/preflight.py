"""What is refused before Cedar is asked: calls that do not have the shape the schema promises."""

from typing import Final

from policy.schema import ENVIRONMENTS
from policy.types import ActionSpec, CallRequest, Deny, ParamValue

UNKNOWN_TOOL: Final = "builtin:unknown-tool"
WRONG_SHAPE: Final = "builtin:wrong-shape"
TOO_LARGE: Final = "builtin:too-large"

MAX_TEXT: Final = 16_000
"""characters of all parameters together; a 5 MB string would hold the engine for half a second"""
_LONG = range(-(2**63), 2**63)


def check(call: CallRequest, spec: ActionSpec) -> Deny | None:
    """A refusal that says what does not fit, or None."""
    problem = _shape(call, spec)
    if problem:
        return Deny(because=(WRONG_SHAPE,), hint=problem)
    if sum(_size(value) for value in call.params.values()) > MAX_TEXT:
        return Deny(because=(TOO_LARGE,), hint=f"the arguments hold more than {MAX_TEXT} characters; shorten them")
    return None


def _shape(call: CallRequest, spec: ActionSpec) -> str:
    if call.tier is not spec.tier:
        return f"tool {call.tool!r} is {spec.tier.value}, not {call.tier.value}; call it as what it is"
    if call.target.env not in ENVIRONMENTS:
        return f"environment {call.target.env!r} is unknown; use one of {', '.join(ENVIRONMENTS)}"
    if call.target.kind != spec.target_kind:
        return f"tool {call.tool!r} acts on a {spec.target_kind}, not on a {call.target.kind!r}"
    if missing := sorted(spec.params.keys() - call.params.keys() - spec.optional):
        return f"argument {missing[0]!r} is missing"
    for name, value in call.params.items():
        kind = spec.params.get(name)
        if kind is None:
            return f"tool {call.tool!r} declares no argument {name!r}"
        if not _fits(value, kind):
            return f"argument {name!r} is not a {kind}"
    numbers = (call.autonomy, call.risk, call.blast_radius, call.minute_of_day, call.calls_1h, call.blast_1h)
    return "" if all(number in _LONG for number in numbers) else "a number is out of range"


def _fits(value: ParamValue, kind: str) -> bool:
    match kind:
        case "Bool":
            return isinstance(value, bool)
        case "Long":
            return isinstance(value, int) and not isinstance(value, bool) and value in _LONG
        case "String":
            return isinstance(value, str)
        case _:
            return isinstance(value, tuple) and all(isinstance(one, str) for one in value)


def _size(value: ParamValue) -> int:
    match value:
        case str():
            return len(value)
        case tuple():
            return sum(len(one) + 8 for one in value)
        case _:
            return 8
