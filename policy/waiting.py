"""How long a proposal waits for people: when they are reminded, whom it is escalated to, and when it ends."""

import itertools
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from policy.errors import PolicyError
from policy.quiet import Quiet, speak_at
from policy.types import Tier
from policy.yaml_file import load

DEFAULT_WAITING: Final = Path(__file__).with_name("waiting.yaml")
THREAD: Final = "#thread"
"""the audience of everybody in the thread; all others are groups, whose names have no #"""
_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _span(value: object) -> float:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is not a span of time; write 30m, 4h or 2d")
    return float(found[1]) * _SECONDS[found[2]]


Span = Annotated[float, BeforeValidator(_span), Field(gt=0, le=30 * 86400)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Escalation(_Strict):
    """Whom to ask next, and when. Who may approve stays what the rules say."""

    after: Span
    to: str


class Plan(_Strict):
    """What happens to a proposal that waits. What a line leaves out of the first four fits everything."""

    rule: str | None = None
    """a rule that asked for approvals"""
    tool: str | None = None
    tier: Tier | None = None
    env: str | None = None
    reason: str | None = None
    """the reason code of the call, as INCIDENT"""
    expires: Span | None = None
    """ends earlier than the rules' own @expires, never later"""
    remind: tuple[Span, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    thread: bool = True
    """reminders are said in the thread"""
    dm: Literal["at_once", "when_reminded", "never"] = "when_reminded"
    """when those who may approve get the card in a direct message"""
    quiet_hours: Literal["keep", "override"] = "keep"

    @model_validator(mode="after")
    def _in_order(self) -> "Plan":
        for name, times in (("remind", self.remind), ("escalate", [one.after for one in self.escalate])):
            if any(later <= earlier for earlier, later in itertools.pairwise(times)):
                raise ValueError(f"{name!r} must name later and later times")
            if self.expires is not None and times and times[-1] >= self.expires:
                raise ValueError(f"{name!r} has a time after 'expires'; it would never come")
        if not self.thread and self.dm == "never" and (self.remind or self.escalate):
            raise ValueError("neither thread nor direct messages: nobody would hear a reminder; allow one of them")
        return self


class GrantBounds(_Strict):
    """The most that one standing grant may be for; longer or wider is a rule, and belongs into a reviewed change."""

    minutes: int = Field(default=30, ge=0, le=240)
    times: int = Field(default=5, ge=0, le=20)

    @property
    def any(self) -> bool:
        """Whether grants may be given at all."""
        return bool(self.minutes and self.times)


NO_GRANT: Final = GrantBounds(minutes=0, times=0)


@dataclass(frozen=True, kw_only=True)
class Waits:
    """What a plan is chosen by."""

    rules: Collection[str]
    tool: str
    tier: str
    env: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Due:
    """One time somebody is to be asked, planned when the proposal is made."""

    step: int
    kind: Literal["ask", "remind", "escalate"]
    audience: str
    """THREAD, or the group that is told by direct message"""
    to: str
    """an escalation's group"""
    after: float


class WaitingTable(_Strict):
    """What operators set: the first line that fits is a proposal's plan; quiet hours hold for all."""

    lines: tuple[Plan, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    grants: GrantBounds = GrantBounds()

    @classmethod
    def load(cls, groups: Collection[str], file: Path = DEFAULT_WAITING) -> "WaitingTable":
        """The table of a file, its groups checked.

        Raises:
            PolicyError: it is not one; the message names the line and the value.
        """
        table = load(cls, file)
        for place, group in table._groups():
            if group not in groups:
                known = ", ".join(sorted(groups))
                raise PolicyError(f"{place}: unknown group {group!r}", todo=f"known groups: {known}", file=file)
        for group, channel in table._audiences():
            if speak_at(table.quiet, 1_750_000_000.0, group=group, channel=channel) is None:
                who = f"group {group!r}" if group else f"channel {channel!r}" if channel else "everybody"
                raise PolicyError(
                    f"quiet: the quiet hours of {who} never end", todo="leave an hour in which people hear", file=file
                )
        return table

    def plan(self, waits: Waits) -> Plan:
        """The first line that fits; one that does nothing when none does."""
        return next((line for line in self.lines if _fits(line, waits)), Plan())

    def speak_at(self, plan: Plan, at: float, *, group: str = "", channel: str = "") -> float:
        """When this audience may be told what is due at `at` (seconds since the epoch)."""
        if plan.quiet_hours == "override":
            return at
        found = speak_at(self.quiet, at, group=group, channel=channel)
        return at if found is None else found  # a table that was loaded has an end for all

    def _groups(self) -> Iterable[tuple[str, str]]:
        for number, line in enumerate(self.lines):
            yield from ((f"lines[{number}].escalate", one.to) for one in line.escalate)
        for number, quiet in enumerate(self.quiet):
            if quiet.group is not None:
                yield f"quiet[{number}].group", quiet.group

    def _audiences(self) -> set[tuple[str, str]]:
        return {("", "")} | {(one.group or "", one.channel or "") for one in self.quiet}


def planned(plan: Plan, groups: Sequence[str]) -> tuple[Due, ...]:
    """Every time somebody is to be asked about a proposal that these groups may approve."""
    due: list[Due] = []
    told = tuple(dict.fromkeys(groups)) if plan.dm != "never" else ()
    if plan.dm == "at_once":
        due += [Due(step=0, kind="ask", audience=group, to="", after=0.0) for group in told]
    steps = [(after, "") for after in plan.remind] + [(one.after, one.to) for one in plan.escalate]
    for number, (after, to) in enumerate(sorted(steps), start=1):
        audiences = ((THREAD,) if plan.thread else ()) + ((to,) if to and plan.dm != "never" else () if to else told)
        for audience in audiences:
            kind: Literal["escalate", "remind"] = "escalate" if to else "remind"
            due.append(Due(step=number, kind=kind, audience=audience, to=to, after=after))
    return tuple(due)


def _fits(line: Plan, waits: Waits) -> bool:
    return (
        (line.rule is None or line.rule in waits.rules)
        and line.tool in (None, waits.tool)
        and line.tier in (None, waits.tier)
        and line.env in (None, waits.env)
        and line.reason in (None, waits.reason)
    )
