"""Last step of loading: decide every case written beside the rules. A condition that can never hold shows up here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from policy import yaml_file
from policy.errors import PolicyError
from policy.rule import Rule
from policy.types import (
    ActionSpec,
    Actor,
    Allow,
    CallRequest,
    Decision,
    Deny,
    NeedsApproval,
    ParamValue,
    Place,
    Target,
    Tier,
    Trust,
)

TENANT: Final = "T-here"
FOREIGN: Final = "T-elsewhere"
_REQUESTER: Final = "U-requester"


class Engine(Protocol):
    """The three questions that a case can ask."""

    def decide(self, call: CallRequest) -> Decision: ...
    def may_vote(
        self, voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool
    ) -> Allow | Deny: ...
    def may_undo(self, voter: Actor, *, requester: str | None, groups: Sequence[str], tenant: str) -> Allow | Deny: ...


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Expectation(_Strict):
    case: str
    """a sentence; shown when the case fails"""
    rules: tuple[str, ...] = ()
    """exactly the rules that refuse or ask; for allow, exactly those that permit"""


class CallFacts(_Strict):
    """A call with everything at its tamest; a case writes only what matters to it."""

    tool: str = ""
    tier: Tier = Tier.READ
    env: str = "dev"
    autonomy: int = 1
    max_autonomy: int = 3
    risk: int = 0
    blast_radius: int = 0
    untrusted: bool = False
    guessed: bool = False
    dangerous: bool = False
    label: int = 0
    sensitivity: int = 1
    reach: int = 2
    hears: int = 2
    undo: bool = False
    by_check: bool = False
    reason_code: str = "TICKET"
    minute_of_day: int = 600
    calls_1h: int = 1
    blast_1h: int = 0
    """0: as much as the call alone"""
    frozen: bool = False
    over_budget: bool = False
    requester: Literal["here", "elsewhere", "bot", "nobody"] = "here"
    requester_groups: tuple[str, ...] = ()
    channel: Literal["here", "elsewhere"] = "here"
    params: dict[str, bool | int | str | tuple[str, ...]] = {}


class CallCase(_Expectation):
    """One decision about a call."""

    call: CallFacts
    expect: Literal["allow", "approve", "deny"]


class VoteFacts(_Strict):
    """One person pressing Approve, or Undo when `groups` is given."""

    who: Literal["requester", "someone", "bot", "foreigner"] = "someone"
    in_groups: tuple[str, ...] = ()
    group: str = ""
    allow_requester: bool = False
    groups: tuple[str, ...] = ()


class VoteCase(_Expectation):
    """One decision about a click."""

    vote: VoteFacts
    expect: Literal["allow", "deny"]


class _Table(_Strict):
    cases: Annotated[tuple[CallCase | VoteCase, ...], Field(min_length=1)]


def read(file: Path) -> tuple[CallCase | VoteCase, ...]:
    """The table of cases of one rules folder.

    Raises:
        PolicyError: there is none, or it does not have the shape of one.
    """
    if not file.exists():
        raise PolicyError("no decision cases", todo="write a case for each rule", file=file)
    return yaml_file.load(_Table, file).cases


def rehearse(file: Path, engine: Engine, specs: Sequence[ActionSpec], rules: Sequence[Rule]) -> None:
    """Promise that each case is decided as written and that each rule fires in at least one.

    Raises:
        PolicyError: a case came out otherwise, or a rule fires in none.
    """
    known = {spec.name: spec for spec in specs}
    fired = {name for case in read(file) for name in check(case, engine, known, file)}
    for rule in rules:
        if rule.id not in fired:
            raise PolicyError(
                "fires in no decision case, so perhaps it never can",
                todo=f"add a case to {file.name} in which it does",
                file=rule.file,
                line=rule.line,
                rule=rule.id,
            )


def check(case: CallCase | VoteCase, engine: Engine, known: Mapping[str, ActionSpec], file: Path) -> set[str]:
    """Promise that one case is decided as written; gives back every rule that fired.

    Raises:
        PolicyError: it came out otherwise.
    """
    answer, because, permits = _ask(case, engine, known, file)
    if answer != case.expect or (case.rules and set(case.rules) != because):
        wanted = f"{case.expect} by {', '.join(sorted(case.rules)) or 'any rule'}"
        raise PolicyError(
            f"case {case.case!r} expects {wanted} but gets {answer} by {', '.join(sorted(because))}",
            todo="correct the rules, or the case if the change is meant",
            file=file,
            line=_line(file, case),
        )
    return because | permits


def _line(file: Path, case: CallCase | VoteCase) -> int:
    """Where a case stands, looked up only when it is to be named."""
    found = [number for number, one in enumerate(read(file)) if one == case]
    return yaml_file.line_of(file, ("cases", found[0])) if found else 0


def answer(
    case: CallCase | VoteCase, engine: Engine, known: Mapping[str, ActionSpec], file: Path
) -> tuple[str, frozenset[str]]:
    """(allow | approve | deny, the rules it is by) of one case, whatever it expects.

    Raises:
        PolicyError: it names an unknown tool.
    """
    said, because, _permits = _ask(case, engine, known, file)
    return said, frozenset(because)


def _ask(
    case: CallCase | VoteCase, engine: Engine, known: Mapping[str, ActionSpec], file: Path
) -> tuple[str, set[str], set[str]]:
    if isinstance(case, VoteCase):
        answer: Decision = _vote(case.vote, engine)
    else:
        name = case.call.tool or f"rehearsal.{case.call.tier}"
        if name not in known:
            raise PolicyError(f"case {case.case!r} names unknown tool {name!r}", todo="correct the name", file=file)
        answer = engine.decide(_call(case.call, known[name]))
    match answer:
        case Allow(because=because):
            return "allow", set(because), set()
        case Deny(because=because):
            return "deny", set(because), set()
        case NeedsApproval(obligations=obligations, because=because):
            return "approve", {one.rule for one in obligations}, set(because)


def _call(facts: CallFacts, spec: ActionSpec) -> CallRequest:
    requester = Actor(
        id=_REQUESTER,
        tenant=FOREIGN if facts.requester == "elsewhere" else TENANT,
        groups=frozenset(facts.requester_groups),
        is_bot=facts.requester == "bot",
    )
    params: dict[str, ParamValue] = dict(facts.params)
    return CallRequest(
        tool=spec.name,
        tier=spec.tier,
        tenant=TENANT,
        agent="autopilot",
        requester=None if facts.requester == "nobody" else requester,
        place=Place(
            id="C-ops",
            tenant=FOREIGN if facts.channel == "elsewhere" else TENANT,
            max_autonomy=facts.max_autonomy,
            hears=facts.hears,
        ),
        target=Target(kind=spec.target_kind, id="checkout", env=facts.env),
        params=params,
        autonomy=facts.autonomy,
        risk=facts.risk,
        blast_radius=facts.blast_radius,
        trust=Trust(
            untrusted=("it",) if facts.untrusted or facts.dangerous else (),
            guessed=facts.guessed,
            dangerous=facts.dangerous,
            label=facts.label,
            sensitivity=facts.sensitivity,
            reach=facts.reach,
        ),
        undo=facts.undo,
        by_check=facts.by_check,
        reason_code=facts.reason_code,
        minute_of_day=facts.minute_of_day,
        calls_1h=facts.calls_1h,
        blast_1h=facts.blast_1h or facts.blast_radius,
        frozen=facts.frozen,
        over_budget=facts.over_budget,
    )


def _vote(facts: VoteFacts, engine: Engine) -> Allow | Deny:
    voter = Actor(
        id=_REQUESTER if facts.who == "requester" else "U-other",
        tenant=FOREIGN if facts.who == "foreigner" else TENANT,
        groups=frozenset(facts.in_groups),
        is_bot=facts.who == "bot",
    )
    if facts.groups:
        return engine.may_undo(voter, requester=_REQUESTER, groups=facts.groups, tenant=TENANT)
    return engine.may_vote(
        voter, requester=_REQUESTER, group=facts.group, tenant=TENANT, allow_requester=facts.allow_requester
    )
