"""Several calls of one task sealed as one plan, so that people decide on them together and they run in that order.

A plan's sealed bytes list the ids of its calls, and each id is the SHA-256 of that call's sealed bytes: one id covers
every byte of all of them, and their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.types import StepUp, Tier
from storage import proposals
from storage.db import Tx
from storage.records import PLAN, Proposal, ProposalState, Task
from tools.manifest import DryRun
from tools.proposing import Proposing
from tools.sealing import SealedCall, SealedObligation, seal

MOST_IN_PLAN = 5
"""calls one person can weigh on one card"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A sealed plan with its sealed calls, not yet stored."""

    whole: SealedCall
    calls: tuple[SealedCall, ...]


def fits(sealed: SealedCall, others: Sequence[SealedCall]) -> bool:
    """Whether a call may stand in a plan beside these.

    What cannot be undone stands alone on a card of its own, so that no list hides it. Two calls on one target do not
    go together: the first would move what the second was previewed against.
    """
    targets = {(o.target_kind, o.target_id, o.env) for o in others}
    return (
        sealed.kind == "call"
        and sealed.tier == Tier.REVERSIBLE
        and sealed.undo is not None
        and (sealed.target_kind, sealed.target_id, sealed.env) not in targets
        and len(others) < MOST_IN_PLAN
    )


def bind(calls: Sequence[SealedCall], *, undoes: str | None = None, supersedes: str | None = None) -> Plan:
    """Seal these calls as one plan: the strictest of what each asks for, and one expiry for all."""
    until = min(call.expires_at for call in calls)
    together = tuple(call.model_copy(update={"expires_at": until}) for call in calls)
    first, riskiest = together[0], max(together, key=lambda call: call.risk)
    envs = sorted({call.env for call in together})
    whole = first.model_copy(
        update={
            "call": f"{PLAN}:{first.call}",
            "kind": "plan",
            "editors": tuple(sorted({editor for call in together for editor in call.editors})),
            "tool": PLAN,
            "tool_version": "",
            "tier": riskiest_tier(together),
            "arguments": {"calls": [seal(call)[0] for call in together]},
            "origins": {},
            "sources": {},
            "guesses": (),
            "asked": first.asked,
            "says": f"{len(together)} changes in this order: " + "; ".join(call.says for call in together),
            "verb": f"all {len(together)}",
            "target_kind": PLAN,
            "target_id": "",
            "env": " and ".join(envs),
            "fingerprint": "",
            "before": {},
            "changes": (),
            "counted": (),
            "grade": DryRun.SIMULATED.value,
            "risk": riskiest.risk,
            "risk_parts": riskiest.risk_parts,
            "why": "",
            "evidence": (),
            "undo": None,
            "undoes": undoes,
            "supersedes": supersedes,
            "moved": tuple(row for call in together for row in call.moved),
            "obligations": strictest(together),
            "rules": tuple(dict.fromkeys(rule for call in together for rule in call.rules)),
        }
    )
    return Plan(whole=SealedCall.model_validate(whole.model_dump()), calls=together)


def riskiest_tier(calls: Sequence[SealedCall]) -> str:
    """The tier of the gravest call."""
    tiers = [Tier(call.tier) for call in calls]
    return max(tiers, key=list(Tier).index).value


def strictest(calls: Sequence[SealedCall]) -> tuple[SealedObligation, ...]:
    """Obligations that meet those of every call: of each group, as many people as the call that asks for most.

    Each call's own are counted again before it runs, so a mistake here can only ask too few and then refuse.
    """
    groups = dict.fromkeys(o.group for call in calls for o in call.obligations)
    return tuple(_of_group(calls, group) for group in groups)


def _of_group(calls: Sequence[SealedCall], group: str) -> SealedObligation:
    of_call = [[o for o in call.obligations if o.group == group] for call in calls]
    most = max(of_call, key=lambda owed: sum(o.count for o in owed))
    every = [o for owed in of_call for o in owed]
    return SealedObligation(
        rule=most[0].rule,
        count=sum(o.count for o in most),
        group=group,
        allow_requester=all(o.allow_requester for o in every),
        expires_in=min(o.expires_in for o in every),
        step_up=max((o.step_up for o in every), key=list(StepUp).index),
    )


async def store(tx: Tx, proposing: Proposing, task: Task, plan: Plan) -> Proposal:
    """Keep a plan and its calls, in the caller's transaction."""
    whole = await proposing.store(tx, task, plan.whole)
    for place, call in enumerate(plan.calls):
        await proposing.store(tx, task, call, plan_id=whole.id, place=place)
    return whole


async def turn_of(tx: Tx, proposal: Proposal, plan: SealedCall) -> str:
    """Why this call of a plan may not run now, or "" when it is its turn: everything before it has run."""
    order = plan.calls()
    if proposal.id not in order:
        return "the plan people approved does not hold this call"
    every = {call.id: call for call in await proposals.calls_of(tx, proposal.tenant, proposal.card_id)}
    for earlier in order[: order.index(proposal.id)]:
        if earlier not in every or every[earlier].state is not ProposalState.RAN:
            return "a call before it in its plan has not run"
    return ""
