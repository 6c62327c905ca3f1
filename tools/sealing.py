"""Sealing: everything people decide on, in one canonical byte form whose SHA-256 is the proposal's id."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from policy.types import Obligation, Risk, RiskPart, StepUp, Target
from storage.canonical import canonical, digest
from storage.records import Proposal
from tools.contract import Change, Counted, Impact, JsonObject
from tools.errors import SealBroken, SealErased, SealForeign
from tools.manifest import DryRun, Sensitivity


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SealedUndo(_Frozen):
    """The inverse call, and that it was rehearsed."""

    tool: str
    arguments: dict[str, JsonValue]
    says: str
    rehearsed_at: float
    objects: int
    by_check: bool = False
    """pressed by itself when the check after the run does not hold; those who approve see it"""


class SealedEvidence(_Frozen):
    hash: str
    label: str


class SealedObligation(_Frozen):
    rule: str
    count: int
    group: str
    allow_requester: bool
    expires_in: int
    step_up: StepUp = StepUp.NO


class SealedRow(_Frozen):
    label: str
    before: JsonValue
    after: JsonValue


class SealedCount(_Frozen):
    count: int
    unit: str
    of: int | None


class SealedCall(_Frozen):
    """One call with all that a person is shown and all that is checked again before it runs."""

    v: Literal[1] = 1
    tenant: str
    task: str
    call: str
    kind: Literal["call", "undo", "plan"]
    channel: str
    requester: str
    editors: tuple[str, ...]
    """everybody who wrote values into this call; their own votes do not count"""
    tool: str
    tool_version: str
    tier: str
    arguments: dict[str, JsonValue]
    origins: dict[str, str]
    """argument → where its value came from, when that is not a trusted place"""
    sources: dict[str, str] = {}
    """argument → where its value came from, whatever that is"""
    guesses: tuple[str, ...] = ()
    """arguments whose value is one of several that would do, by the brain's choice"""
    asked: str = ""
    """what of the request implies this call"""
    label: Sensitivity = "public"
    """the most confidential thing the task had read"""
    says: str
    verb: str
    target_kind: str
    target_id: str
    env: str
    fingerprint: str
    """SHA-256 of the target's state that matters"""
    before: dict[str, JsonValue]
    changes: tuple[SealedRow, ...]
    counted: tuple[SealedCount, ...]
    grade: str
    risk: int
    risk_parts: tuple[tuple[str, int], ...]
    autonomy: int
    reason_code: str
    skill: str
    why: str
    evidence: tuple[SealedEvidence, ...]
    undo: SealedUndo | None
    undoes: str | None
    supersedes: str | None
    moved: tuple[SealedRow, ...]
    """what moved since the proposal this one replaces"""
    obligations: tuple[SealedObligation, ...]
    rules: tuple[str, ...]
    agent: str
    agent_version: str
    policy_version: str
    proposed_at: float
    expires_at: float

    def calls(self) -> tuple[str, ...]:
        """Of a plan: the ids of its sealed calls, in the order in which they run."""
        found = self.arguments.get("calls") if self.kind == "plan" else None
        return tuple(map(str, found)) if isinstance(found, list) else ()

    def impact(self) -> Impact:
        """The target as it was when this was sealed."""
        return Impact(grade=DryRun(self.grade), before=dict(self.before))

    def policy_obligations(self) -> tuple[Obligation, ...]:
        return tuple(
            Obligation(
                rule=o.rule,
                count=o.count,
                group=o.group,
                allow_requester=o.allow_requester,
                expires_in=o.expires_in,
                step_up=o.step_up,
            )
            for o in self.obligations
        )

    def policy_risk(self) -> Risk:
        return Risk(score=self.risk, parts=tuple(RiskPart(label=label, points=n) for label, n in self.risk_parts))


def seal(call: SealedCall) -> tuple[str, str]:
    """(proposal id, sealed text).

    Raises:
        ValueError: a value has no canonical JSON form.
    """
    text = canonical(call.model_dump(mode="json"))
    return digest(text), text


def open_seal(proposal: Proposal) -> SealedCall:
    """The call as it was sealed.

    Raises:
        SealBroken: the stored bytes are not those the id was made from, or the row around them says otherwise.
    """
    if not proposal.sealed:
        raise SealErased(proposal.id)
    if digest(proposal.sealed) != proposal.id:
        raise SealBroken(proposal.id)
    try:
        call = SealedCall.model_validate_json(proposal.sealed)
    except ValidationError:
        raise SealForeign(proposal.id) from None
    sealed = (call.tenant, call.task, call.call, call.tool, call.undoes, call.expires_at)
    row = (proposal.tenant, proposal.task_id, proposal.call_id, proposal.tool, proposal.undoes, proposal.expires_at)
    if sealed != row or (call.kind == "plan") is not proposal.is_plan:
        raise SealBroken(proposal.id)
    return call


def seal_if_whole(proposal: Proposal) -> SealedCall | None:
    """As `open_seal`, or None when the seal is broken: a list of many must not fail with one."""
    try:
        return open_seal(proposal)
    except SealBroken:
        return None


def fingerprint(impact: Impact | None) -> str:
    """SHA-256 over the target's state; "" when the tool cannot preview."""
    return digest(canonical(impact.before)) if impact is not None else ""


def rows(changes: tuple[Change, ...]) -> tuple[SealedRow, ...]:
    return tuple(SealedRow(label=c.label, before=c.before, after=c.after) for c in changes)


def counts(counted: tuple[Counted, ...]) -> tuple[SealedCount, ...]:
    return tuple(SealedCount(count=c.count, unit=c.unit, of=c.of) for c in counted)


def moved_rows(old: SealedCall, impact: Impact | None) -> tuple[SealedRow, ...]:
    """Which parts of the target's state differ from what was sealed: (part, then, now)."""
    now = impact.before if impact is not None else {}
    names = [*old.before, *(name for name in now if name not in old.before)]
    return tuple(
        SealedRow(label=name, before=old.before.get(name), after=now.get(name))
        for name in names
        if old.before.get(name) != now.get(name)
    )


def read_otherwise(old: SealedCall, arguments: JsonObject, target: Target) -> tuple[SealedRow, ...]:
    """What the sealed values mean to the tool of today, where that is not what was sealed: (part, then, now)."""
    names = sorted(old.arguments.keys() | arguments.keys())
    then = {name: old.arguments.get(name) for name in names} | {"target": f"{old.target_kind} {old.target_id}"}
    now = {name: arguments.get(name) for name in names} | {"target": f"{target.kind} {target.id}"}
    then["environment"], now["environment"] = old.env, target.env
    return tuple(
        SealedRow(label=name, before=then[name], after=now[name])
        for name in then
        if canonical(then[name]) != canonical(now[name])
    )


def counts_moved(old: SealedCall, impact: Impact | None) -> tuple[SealedRow, ...]:
    """Which counts of the blast radius differ from what was sealed: (unit, then, now)."""
    now = {c.unit: c.count for c in impact.counted} if impact is not None else {}
    then = {c.unit: c.count for c in old.counted}
    units = [*then, *(unit for unit in now if unit not in then)]
    return tuple(
        SealedRow(label=unit, before=then.get(unit), after=now.get(unit))
        for unit in units
        if then.get(unit) != now.get(unit)
    )


def drifted(old: SealedCall, impact: Impact | None, percent: int) -> bool:
    """Whether the counted blast radius moved further than the tool allows (percent of what was sealed)."""
    if impact is None:
        return False
    now = {c.unit: c.count for c in impact.counted}
    then = {c.unit: c.count for c in old.counted}
    return any(
        abs(now.get(unit, 0) - then.get(unit, 0)) * 100 > percent * max(then.get(unit, 0), 1)
        for unit in then.keys() | now.keys()
    )
