"""What was pressed on; whose press does not count, why, and the record of it."""

from dataclasses import dataclass, replace

from bot.lifecycle.moves import note
from bot.orchestrator.freshness import GONE
from bot.orchestrator.requests import Answer, Click, Said
from bot.orchestrator.show_people import of_own_schedule
from policy.approval import rejected_by
from policy.people import unasked
from policy.types import Actor, Allow, CastVote, Deny
from storage import posts, proposals, tasks
from storage.db import Database
from storage.errors import NotFound
from storage.records import Proposal
from tools.altered import how_broken
from tools.errors import SealBroken
from tools.gateway import Gateway
from tools.sealing import SealedCall, open_seal

OWN = "deny-own-vote"
"""the rule that forbids approving what one asked for oneself"""
LOST = Answer(said=Said.STALE, message="somebody was faster; the card shows how it stands now")
STRANGER = Answer(
    said=Said.REFUSED, message="you are not an active member of this workspace", rules=("builtin:unknown-person",)
)


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """The proposal that a press is about, as it was when it was read, and its seal is whole."""

    proposal: Proposal
    sealed: SealedCall


async def pressed(db: Database, click: Click, event: str) -> Pressed | Answer:
    """What was pressed on by our own record; or why nothing can be, which is audited as `event`."""
    async with db.read() as tx:
        try:
            proposal = await proposals.get(tx, click.tenant, click.proposal_id)
        except NotFound:
            return GONE
    try:
        return Pressed(proposal=proposal, sealed=open_seal(proposal))
    except SealBroken:
        async with db.read() as tx:
            why = await how_broken(tx, proposal)
        return await refuse(db, click, proposal, altered(why), event)


def refusal_of(
    gateway: Gateway, voter: Actor | None, click: Click, sealed: SealedCall, *, approve: bool
) -> Answer | None:
    """Why this person's vote does not count, or None when it does."""
    if voter is None:
        return STRANGER
    judge, owed = gateway.judge_of(sealed), sealed.policy_obligations()
    if not approve:
        cast = [CastVote(voter=voter, approve=False)]
        if rejected_by(owed, cast, requester=sealed.requester, tenant=click.tenant, judge=judge):
            return None
    answers: list[Allow | Deny] = [
        judge.may_vote(
            voter, requester=sealed.requester, group=o.group, tenant=click.tenant, allow_requester=o.allow_requester
        )
        for o in owed
    ]
    if any(isinstance(answer, Allow) for answer in answers):
        return None
    if why := unasked(voter, {o.group for o in owed}):
        return cannot_ask(why)
    refusals = [answer for answer in answers if isinstance(answer, Deny)]
    # A forbid says more than "no rule permits it": lead with the one that has a reason of its own.
    chosen = max(refusals, key=lambda d: not d.because[0].startswith("builtin:"), default=None)
    groups = ", ".join(f"@{o.group}" for o in owed)
    hint = chosen.hint if chosen is not None and not chosen.because[0].startswith("builtin:") else ""
    if voter.id in sealed.editors:
        hint = "you changed the values, so somebody else must approve them"
    what = "approve" if approve else "reject"
    own = voter.id == sealed.requester or voter.id in sealed.editors
    return Answer(
        said=Said.REFUSED,
        message=f"you cannot {what} this; it needs {'somebody else of ' if own else ''}{groups}",
        rules=chosen.because if chosen is not None else (),
        hint=hint or f"ask somebody in {groups}",
    )


async def own_refusal(db: Database, proposal: Proposal, sealed: SealedCall, refused: Answer) -> Answer:
    """The refusal of one's own vote; where a schedule asked, it says so: its owner may not know of having asked."""
    if OWN not in refused.rules:
        return refused
    async with db.read() as tx:
        task = await tasks.get(tx, proposal.tenant, proposal.task_id)
    why = of_own_schedule(task, sealed)
    return replace(refused, hint=why) if why else refused


def cannot_ask(why: str) -> Answer:
    """The answer while nobody can say who somebody is: nothing counted, nothing lost."""
    return Answer(
        said=Said.REFUSED,
        message=f"nothing was counted, because {why}",
        rules=("builtin:people",),
        hint="press again in a minute; whoever runs me finds out more with 'autopilot doctor'",
    )


def altered(why: str) -> Answer:
    return Answer(said=Said.REFUSED, message=why, rules=("builtin:seal",))


async def refuse(db: Database, click: Click, proposal: Proposal, answer: Answer, event: str) -> Answer:
    """The answer, once the refusal is on the record and the pressed card is to be drawn again."""
    async with db.write() as tx:
        task = await tasks.get(tx, click.tenant, proposal.task_id)
        body = {"who": click.who, "proposal": proposal.id, "why": answer.message}
        await note(tx, task, event, {**body, "rules": list(answer.rules)})
        await posts.refresh(tx, click.tenant, proposal.id)
    return answer
