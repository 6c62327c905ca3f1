"""Recorded calls decided again, by today's rules and by candidate rules: what a change would have meant."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.commands.policy_ledger import Ledger
from policy.autonomy import AutonomyTable
from policy.budgets import DAY, Spending
from policy.cedar import PolicyEngine
from policy.risk import RiskTable
from policy.types import Actor, Allow, Decision, Deny, NeedsApproval, Place, Trust
from storage import channels, intents, proposals, tasks
from storage.db import Database
from storage.errors import NotFound
from storage.records import Intent, Proposal
from tools.admitting import BadArguments, validate
from tools.contract import Counted, Impact, JsonObject
from tools.errors import SealBroken, UnknownTool
from tools.judging import Asking, judge
from tools.manifest import SENSITIVITIES, DryRun
from tools.registry import Registry
from tools.sealing import open_seal
from tools.tracing import top

MOST = 100_000
"""recorded calls that are read"""
WORDS = {"allow": "run alone", "ask": "ask people", "deny": "be blocked"}


@dataclass(frozen=True, kw_only=True)
class RecordedCall:
    """One call as it was asked for, with the facts of its time."""

    tenant: str
    task: str
    id: str
    """of the proposal, or the ledger line"""
    at: float
    tool: str
    arguments: JsonObject
    agent: str
    requester: str
    channel: str
    reason_code: str
    trust: Trust
    undo: bool
    impact: Impact | None
    calls_1h: int
    failures_1h: int
    ran_before: bool
    earlier: tuple[Spending, ...]
    """what was changed in its task, and everywhere in the day before it"""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One set of rules, with its levels, freezes and budgets."""

    engine: PolicyEngine
    autonomy: AutonomyTable
    risks: RiskTable


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One call with both decisions, each allow | ask | deny; "" when it cannot be decided any more."""

    call: RecordedCall
    today: str
    candidate: str
    because: tuple[str, ...]
    of_others: bool = False
    """people are asked by both, and not the same number of the same groups"""
    why_not: str = ""


async def recorded(db: Database, tenant: str, since: float) -> list[RecordedCall]:
    """Every call of the ledger since then, oldest first; a call that people were asked about counts once."""
    async with db.read() as tx:
        ledger = Ledger(await intents.recent(tx, tenant, since=since - DAY, limit=MOST))
        asked = [p for p in await proposals.recent(tx, tenant, since=since, limit=MOST) if p.created_at >= since]
        agents: dict[str, tuple[str, str]] = {}
        for task_id in {one.task_id for one in ledger.lines}:
            try:
                task = await tasks.get(tx, tenant, task_id)
            except NotFound:
                continue
            agents[task_id] = (task.agent, task.channel)
    alone = [
        _of_intent(one, agents, ledger)
        for one in ledger.lines
        if one.started_at >= since and one.key.startswith("call:")
    ]
    sealed = [call for proposal in asked if (call := _of_proposal(proposal, ledger)) is not None]
    return sorted([*alone, *sealed], key=lambda call: call.at)


async def channel_levels(db: Database, tenant: str, calls: Sequence[RecordedCall]) -> dict[str, Place]:
    """Each channel of these calls with what admins have set for it by now."""
    async with db.read() as tx:
        found = {channel: await channels.in_force(tx, tenant, channel) for channel in {call.channel for call in calls}}
    return {
        channel: Place(id=channel, tenant=tenant, max_autonomy=here.autonomy, hears=SENSITIVITIES.index(here.hears))
        for channel, here in found.items()
    }


def _of_intent(one: Intent, agents: Mapping[str, tuple[str, str]], ledger: Ledger) -> RecordedCall:
    agent, channel = agents.get(one.task_id, ("autopilot", ""))
    calls, failures, before = ledger.history(one.tool, one.started_at)
    return RecordedCall(
        tenant=one.tenant,
        task=one.task_id,
        id=one.id,
        at=one.started_at,
        tool=one.tool,
        arguments=one.input,
        agent=agent,
        requester=one.invoked_by,
        channel=channel,
        reason_code=one.reason_code,
        trust=Trust(),  # what ran alone with an untrusted value is not told apart in the ledger
        undo=False,
        impact=None,
        calls_1h=calls,
        failures_1h=failures,
        ran_before=before,
        earlier=ledger.changes(one.task_id, one.started_at),
    )


def _of_proposal(one: Proposal, ledger: Ledger) -> RecordedCall | None:
    try:
        sealed = open_seal(one)
    except SealBroken:
        return None
    if sealed.supersedes is not None:
        return None  # the same call once more
    calls, failures, before = ledger.history(sealed.tool, sealed.proposed_at)
    counted = tuple(Counted(count=c.count, unit=c.unit, of=c.of) for c in sealed.counted)
    return RecordedCall(
        tenant=one.tenant,
        task=one.task_id,
        id=one.id,
        at=sealed.proposed_at,
        tool=sealed.tool,
        arguments=dict(sealed.arguments),
        agent=sealed.agent,
        requester=sealed.requester,
        channel=sealed.channel,
        reason_code=sealed.reason_code,
        trust=Trust(
            untrusted=tuple(sorted(map(top, sealed.origins))),
            guessed=bool(sealed.guesses),
            label=SENSITIVITIES.index(sealed.label),
        ),
        undo=sealed.kind == "undo",
        impact=Impact(grade=DryRun(sealed.grade), before=dict(sealed.before), counted=counted),
        calls_1h=calls,
        failures_1h=failures,
        ran_before=before,
        earlier=ledger.changes(one.task_id, sealed.proposed_at),
    )


def replay(
    calls: Sequence[RecordedCall],
    registry: Registry,
    today: Side,
    candidate: Side,
    groups: Mapping[str, frozenset[str]] | frozenset[str],
    places: Mapping[str, Place] | None = None,
) -> Iterator[Replayed]:
    """Both decisions of each call. `groups` are each person's, or those that everybody is assumed to be in."""
    for call in calls:
        own = groups if isinstance(groups, frozenset) else groups.get(call.requester, frozenset())
        try:
            tool = registry.get(call.tool)
            admitted = validate(tool, call.arguments)
        except UnknownTool:
            yield Replayed(call=call, today="", candidate="", because=(), why_not="no such tool is configured here")
            continue
        except BadArguments as error:
            yield Replayed(call=call, today="", candidate="", because=(), why_not=str(error))
            continue
        anywhere = Place(id=call.channel, tenant=call.tenant, max_autonomy=4)
        asking = Asking(
            tenant=call.tenant,
            agent=call.agent,
            requester=Actor(id=call.requester, tenant=call.tenant, groups=own),
            place=(places or {}).get(call.channel, anywhere),
            reason_code=call.reason_code,
            trust=call.trust,
            undo=call.undo,
            now=call.at,
            calls_1h=call.calls_1h,
            failures_1h=call.failures_1h,
            ran_before=call.ran_before,
            task=call.task,
            earlier=call.earlier,
        )
        was, now = (
            judge(tool, admitted, call.impact, asking, engine=side.engine, risks=side.risks, autonomy=side.autonomy)
            for side in (today, candidate)
        )
        yield Replayed(
            call=call,
            today=_word(was.decision),
            candidate=_word(now.decision),
            because=_because(now.decision),
            of_others=_word(was.decision) == _word(now.decision) and _asked(was.decision) != _asked(now.decision),
        )


def _word(decision: Decision) -> str:
    match decision:
        case Allow():
            return "allow"
        case NeedsApproval():
            return "ask"
        case Deny():
            return "deny"


def _asked(decision: Decision) -> list[str]:
    return sorted(one.in_words for one in decision.obligations) if isinstance(decision, NeedsApproval) else []


def _because(decision: Decision) -> tuple[str, ...]:
    if isinstance(decision, NeedsApproval):
        return tuple(f"{one.rule} ({one.in_words})" for one in decision.obligations)
    return decision.because


def summary(replayed: Sequence[Replayed]) -> str:
    """The sentence of it: what the candidate would have done otherwise."""
    moved = Counter(one.candidate for one in replayed if one.today != one.candidate)
    alone, asked, blocked = moved["allow"], moved["ask"], moved["deny"]
    decided = sum(1 for one in replayed if not one.why_not)
    others = sum(1 for one in replayed if one.of_others)
    of_others = f", and asked other people for {others}" if others else ""
    return (
        f"of {decided} recorded calls it would have run {alone} more alone, asked {asked} more, blocked {blocked} more"
        + of_others
    )


def lines(replayed: Sequence[Replayed], url: str) -> Iterator[str]:
    """One line for each call that would have come out otherwise, with its task's page."""
    for one in replayed:
        if one.why_not:
            yield f"? {one.call.tool} cannot be decided any more: {one.why_not}  {url}/tasks/{one.call.task}"
        elif one.today != one.candidate or one.of_others:
            because = ", ".join(one.because)
            yield (f"! {one.call.tool} {one.call.id[:20]}: {_moved(one)} by {because}  {url}/tasks/{one.call.task}")


def _moved(one: Replayed) -> str:
    return "ask other people" if one.of_others else f"{WORDS[one.today]} → {WORDS[one.candidate]}"
