"""What provenance and the mandate mean for one validated call."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from policy.mandate import OFF_PLAN, Aim, OffPlan, Write, ask_with
from policy.provenance import guessed, untrusted
from policy.types import Tier, Trust
from storage.records import JsonValue
from tools.admitting import Admitted
from tools.contract import JsonObject, Tool
from tools.manifest import SENSITIVITIES, Sensitivity
from tools.outcomes import Denied
from tools.requests import RequestedCall
from tools.sealing import SealedCall


@dataclass(frozen=True, kw_only=True)
class Traced:
    """Where the values of one call came from, as far as they decide anything."""

    sources: dict[str, str] = field(default_factory=dict)
    """slot → where its value came from, in words"""
    untrusted: dict[str, str] = field(default_factory=dict)
    """the sinks among them that nothing vouches for"""
    guesses: tuple[str, ...] = ()
    """the sinks among them whose value is one of several, by the brain's choice"""
    dangerous: bool = False
    """a sink that refuses such values holds one"""
    asked: str = ""
    """what of the request implies the call"""
    label: Sensitivity = "public"

    @property
    def trust(self) -> Trust:
        """The same, as policy sees it."""
        return Trust(
            untrusted=tuple(sorted({top(slot) for slot in self.untrusted})),
            guessed=bool(self.guesses),
            dangerous=self.dangerous,
            label=SENSITIVITIES.index(self.label),
        )


NOTHING_TRACED: Final = Traced()
"""of an undo, whose values are those of what it takes back"""


def write_of(tool: Tool) -> Write:
    """A changing tool as requests speak of it."""
    return Write(tool=tool.name, verb=tool.manifest.verb, asked_by=tool.manifest.asked_by)


def traced(tool: Tool, call: RequestedCall) -> Traced:
    """The provenance of a call, by what its manifest says of its parameters."""
    found = call.traced
    loose = {slot: found[slot].where for slot in untrusted(found) if is_sink(tool, slot)}
    return Traced(
        sources={slot: one.where for slot, one in found.items()},
        untrusted=loose,
        guesses=tuple(slot for slot in guessed(found) if is_sink(tool, slot)),
        dangerous=_dangerous(tool, loose),
        asked=call.asked,
        label=call.label,
    )


def trust_of(tool: Tool, sealed: SealedCall) -> Trust:
    """What was known of a call's values when it was sealed."""
    found = Traced(
        untrusted=dict(sealed.origins),
        guesses=sealed.guesses,
        dangerous=_dangerous(tool, sealed.origins),
        label=sealed.label,
    )
    return found.trust


def _dangerous(tool: Tool, slots_: Iterable[str]) -> bool:
    return any(top(slot) in tool.manifest.dangerous for slot in slots_)


def top(slot: str) -> str:
    """The argument a slot is part of."""
    return slot.replace("[", ".").split(".", 1)[0]


def is_sink(tool: Tool, slot: str) -> bool:
    """Whether the value of this slot decides what is touched or who is told."""
    sinks = tool.manifest.sinks
    if sinks is None:
        return tool.manifest.tier is not Tier.READ or top(slot) in tool.manifest.hosts
    return top(slot) in sinks


def off_plan(tool: Tool, call: RequestedCall, admitted: Admitted) -> Denied | None:
    """Why the request does not imply this change; None when it does, and for reads."""
    if tool.manifest.tier is Tier.READ:
        return None
    target = admitted.target.id
    held = [slot for slot, value in slots(admitted.arguments) if str(value) and str(value) in target]
    origins = [call.traced[slot].origin for slot in held if slot in call.traced]
    aim = Aim(
        tool=tool.name,
        target=target,
        origin=min(origins, key=lambda one: one.vouched, default=None),
        derived=call.derived,
        by_person=bool(call.edited_by),
    )
    verdict = call.mandate.verdict(aim, ask_with=ask_with(write_of(tool), target))
    return Denied(because=(OFF_PLAN,), message=verdict.why) if isinstance(verdict, OffPlan) else None


def out_of_reach(tool: Tool, admitted: Admitted) -> Denied | None:
    """Why a call may not go where its arguments point; None when it may."""
    for name in tool.manifest.hosts:
        for _, value in slots({name: admitted.arguments.get(name)}):
            if value is not None and not within(str(value), tool.manifest.egress):
                allowed = ", ".join(tool.manifest.egress) or "none"
                message = f"{name}: {_host(str(value))!r} is no host that {tool.name} may reach; allowed: {allowed}"
                return Denied(because=("builtin:egress",), message=message)
    return None


def within(address: str, egress: tuple[str, ...]) -> bool:
    """Whether a host or URL is one of these, or below one that begins with "*."."""
    host = _host(address)
    return bool(host) and any(
        host == one.lower() or (one.startswith("*.") and host.endswith(one[1:].lower())) for one in egress
    )


def _host(address: str) -> str:
    """The host an address really goes to; "" when that cannot be told."""
    if any(char.isspace() or char in "\\\x00" for char in address):
        return ""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host = parts.hostname or ""
    except ValueError:
        return ""
    return "" if parts.username is not None or not host.isascii() else host.rstrip(".").lower()


def slots(arguments: JsonObject) -> list[tuple[str, JsonValue]]:
    """Every scalar of the arguments under its slot, as provenance names them."""
    out: list[tuple[str, JsonValue]] = []

    def walk(path: str, value: JsonValue) -> None:
        if isinstance(value, dict):
            for name, one in value.items():
                walk(f"{path}.{name}" if path else name, one)
        elif isinstance(value, list):
            for place, one in enumerate(value):
                walk(f"{path}[{place}]", one)
        else:
            out.append((path, value))

    for name, value in arguments.items():
        walk(name, value)
    return out
