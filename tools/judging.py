"""Everything known about one call before anybody decides: validated, previewed, scored, judged."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from policy.autonomy import AutonomyTable, level
from policy.budgets import Spending, together, used_up
from policy.cedar import PolicyEngine
from policy.freezes import About, frozen
from policy.risk import RiskTable, score
from policy.types import (
    Actor,
    CallRequest,
    Decision,
    Deny,
    NeedsApproval,
    ParamValue,
    Place,
    Risk,
    RiskFacts,
    Target,
    Tier,
    Trust,
)
from storage.db import Tx
from storage.intents import Change, calls_since
from tools import people_only
from tools.admitting import Admitted, BadArguments, validate
from tools.contract import Impact, JsonObject, Tool
from tools.manifest import SENSITIVITIES
from tools.registry import param_types

HOUR = 3600.0
WORK_HOURS = range(7, 20)
"""UTC hours in which somebody is likely to look"""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What would be done, how risky it is, and what policy says."""

    target: Target
    impact: Impact | None
    risk: Risk
    autonomy: int
    decision: Decision
    policy_version: str
    """of the rules that decided"""
    asking: "Asking"
    """what was known when it was decided"""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """On whose behalf, from where, and with what history a call is judged."""

    tenant: str
    agent: str
    requester: Actor | None
    place: Place
    reason_code: str
    trust: Trust
    undo: bool
    now: float
    """seconds since the epoch, by the database's clock"""
    calls_1h: int
    failures_1h: int
    ran_before: bool
    by_check: bool = False
    """nobody pressed that undo: the check after the run failed"""
    task: str = ""
    earlier: Sequence[Spending] = ()
    """what was changed in this task, and everywhere in the last day"""
    level_at_most: int = 4
    """this agent's, for this tool, since something was wrong with it"""


async def history(tx: Tx, tenant: str, tool: str) -> tuple[float, int, int, bool]:
    """(now, calls in the last hour, failures among them, whether it ever ran)."""
    return await calls_since(tx, tenant, tool, HOUR)


def judge(
    tool: Tool,
    call: Admitted,
    impact: Impact | None,
    asking: Asking,
    *,
    engine: PolicyEngine,
    risks: RiskTable,
    autonomy: AutonomyTable,
) -> Judgement:
    """Score and decide one validated, previewed call. Pure: everything it looks at is passed in."""
    target = call.target
    manifest = tool.manifest
    percent = max((c.percent for c in impact.counted), default=0) if impact else 0
    widest = max(impact.counted, key=lambda c: c.percent, default=None) if impact else None
    when = dt.datetime.fromtimestamp(asking.now, dt.UTC)
    holds: About = {"tool": tool.name, "tier": manifest.tier, "env": target.env, "channel": asking.place.id}
    freeze = frozen(autonomy.freezes, asking.now, **holds) if manifest.tier is not Tier.READ else ""
    change = change_of(tool, call, percent, task=asking.task, at=asking.now)
    spent = used_up(autonomy.budgets, change, asking.earlier)
    risk = score(
        RiskFacts(
            tier=manifest.tier,
            env=target.env,
            blast_percent=percent,
            blast_label=f"{percent} % of {widest.unit}" if widest is not None and percent else "",
            has_undo=tool.undo is not None,
            first_time=not asking.ran_before,
            untrusted=bool(asking.trust.untrusted),
            out_of_hours=when.hour not in WORK_HOURS,
            recent_failures=asking.failures_1h,
            frozen=freeze,
        ),
        risks,
    )
    allowed = level(
        autonomy,
        **holds,
        channel_cap=min(asking.place.max_autonomy, manifest.max_autonomy, asking.level_at_most),
    )
    decision: Decision
    if (never := people_only.refusal(manifest)) is not None:
        decision = never
    # Going back is its own reason, and a runaway must be reversible.
    elif asking.calls_1h > manifest.rate_per_hour and not asking.undo:
        decision = Deny(because=("builtin:rate",), hint=f"at most {manifest.rate_per_hour} calls of it an hour")
    elif manifest.tier is not Tier.READ and not asking.undo and asking.reason_code not in manifest.reason_codes:
        codes = ", ".join(manifest.reason_codes)
        decision = Deny(because=("builtin:reason-code",), hint=f"give a reason code: {codes}")
    else:
        decision = engine.decide(
            CallRequest(
                tool=tool.name,
                tier=manifest.tier,
                tenant=asking.tenant,
                agent=asking.agent,
                requester=asking.requester,
                place=asking.place,
                target=target,
                params=_policy_params(tool, call.arguments),
                autonomy=allowed,
                risk=risk.score,
                blast_radius=percent,
                trust=replace(
                    asking.trust,
                    sensitivity=SENSITIVITIES.index(manifest.sensitivity),
                    reach=SENSITIVITIES.index(manifest.reach),
                ),
                undo=asking.undo,
                by_check=asking.by_check,
                reason_code=asking.reason_code,
                minute_of_day=when.hour * 60 + when.minute,
                calls_1h=asking.calls_1h,
                blast_1h=together([*_of_the_hour(asking, tool.name), change]),
                frozen=bool(freeze),
                over_budget=bool(spent),
            )
        )
        decision = _with_facts(decision, freeze, spent)
    return Judgement(
        target=target,
        impact=impact,
        risk=risk,
        autonomy=allowed,
        decision=decision,
        policy_version=engine.version,
        asking=asking,
    )


def change_of(tool: Tool, call: Admitted, percent: int, *, task: str, at: float, env: str = "") -> Spending:
    """The call as budgets count it."""
    return Spending(
        task=task,
        tool=tool.name,
        tier=tool.manifest.tier,
        env=env or call.target.env,
        target=f"{call.target.kind} {call.target.id}",
        blast=percent,
        at=at,
        arguments=call.arguments,
    )


@dataclass(frozen=True)
class _Arguments(Mapping[str, object]):
    """Read from their text only when a budget looks into them."""

    text: str

    @cached_property
    def _read(self) -> Mapping[str, object]:
        read: Mapping[str, object] = json.loads(self.text)
        return read

    def __getitem__(self, name: str) -> object:
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


def spent(one: Change) -> Spending:
    """A change of the ledger as budgets count it."""
    return Spending(
        task=one.task_id,
        tool=one.tool,
        tier=Tier(one.tier),
        env=one.env,
        target=one.target,
        blast=one.blast,
        at=one.started_at,
        arguments=_Arguments(one.input),
    )


def _of_the_hour(asking: Asking, tool: str) -> list[Spending]:
    return [one for one in asking.earlier if one.tool == tool and asking.now - one.at < HOUR]


def _with_facts(decision: Decision, *facts: str) -> Decision:
    """A refusal with what people can do something about: which freeze until when, which budget."""
    if not isinstance(decision, Deny):
        return decision
    return replace(decision, hint="; ".join(filter(None, (*facts, decision.hint))))


def _policy_params(tool: Tool, arguments: JsonObject) -> Mapping[str, ParamValue]:
    out: dict[str, ParamValue] = {}
    for name in param_types(tool):
        value = arguments.get(name)
        if isinstance(value, list):
            out[name] = tuple(str(item) for item in value)
        elif isinstance(value, str | int | bool):
            out[name] = value
    return out


def describe(decision: Decision) -> str:
    """What a decision means, in words for a dry run."""
    match decision:
        case NeedsApproval(obligations=obligations):
            return "ask: " + " and ".join(o.in_words for o in obligations)
        case Deny(because=because, hint=hint):
            return f"be denied by {', '.join(because)}" + (f" ({hint})" if hint else "")
        case _:
            return "run alone"


__all__ = ["Asking", "BadArguments", "Judgement", "describe", "history", "judge", "validate"]
