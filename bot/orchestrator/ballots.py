"""Votes: check the person, record the vote, see whether all obligations are met, move the task — one transaction."""

from collections.abc import Sequence

from bot.lifecycle.moves import move, note, show_card
from bot.orchestrator.requests import Answer, Click, Said
from policy.approval import rejected_by, tally
from policy.people import People
from policy.types import Actor, Allow, CastVote, Deny
from storage import inbox, proposals, steps, tasks
from storage.db import Database, Tx
from storage.errors import LostRace, NotFound
from storage.records import OPEN_STATES, Proposal, ProposalState, StepKind, Task, TaskState, Vote
from tools.errors import SealBroken
from tools.gateway import Gateway
from tools.sealing import SealedCall, open_seal

LOST = Answer(said=Said.STALE, message="somebody was faster; the card shows how it stands now")


async def vote(
    db: Database, gateway: Gateway, people: People, click: Click, *, approve: bool, reason: str = ""
) -> Answer:
    """Count one person's Approve or Reject. Everything but who pressed what comes from our own record."""
    voter = await people.actor(click.tenant, click.who)
    async with db.read() as tx:
        try:
            proposal = await proposals.get(tx, click.tenant, click.proposal_id)
        except NotFound:
            return Answer(said=Said.STALE, message="there is no such proposal here")
        known = await proposals.votes_on(tx, click.tenant, click.proposal_id)
    try:
        sealed = open_seal(proposal)
    except SealBroken as error:
        return Answer(said=Said.REFUSED, message=str(error), rules=("builtin:seal",))
    refused = refusal_of(gateway, voter, click, sealed, approve=approve)
    if refused is not None:
        await _auditrefusal_of(db, click, proposal, refused)
        return refused
    assert voter is not None
    actors = {voter.id: voter}
    for cast in known:
        if cast.voter not in actors and (actor := await people.actor(click.tenant, cast.voter)) is not None:
            actors[cast.voter] = actor
    try:
        async with db.write() as tx:
            return await _count(tx, gateway, click, sealed, actors, approve=approve, reason=reason)
    except LostRace:
        return LOST


def refusal_of(
    gateway: Gateway, voter: Actor | None, click: Click, sealed: SealedCall, *, approve: bool
) -> Answer | None:
    """Why this person's vote does not count, or None when it does."""
    if voter is None:
        return Answer(
            said=Said.REFUSED,
            message="you are not an active member of this workspace",
            rules=("builtin:unknown-person",),
        )
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
    refusals = [answer for answer in answers if isinstance(answer, Deny)]
    # A forbid says more than "no rule permits it": lead with the one that has a reason of its own.
    chosen = max(refusals, key=lambda d: not d.because[0].startswith("builtin:"), default=None)
    groups = ", ".join(f"@{o.group}" for o in owed)
    hint = chosen.hint if chosen is not None and not chosen.because[0].startswith("builtin:") else ""
    if sealed.edited_by == voter.id:
        hint = "you changed the values, so somebody else must approve them"
    what = "approve" if approve else "reject"
    return Answer(
        said=Said.REFUSED,
        message=f"you cannot {what} this; it needs {groups}",
        rules=chosen.because if chosen is not None else (),
        hint=hint or f"ask somebody in {groups}",
    )


async def _auditrefusal_of(db: Database, click: Click, proposal: Proposal, answer: Answer) -> None:
    async with db.write() as tx:
        task = await tasks.get(tx, click.tenant, proposal.task_id)
        await note(
            tx,
            task,
            "vote_refused",
            {"who": click.who, "proposal": proposal.id, "rules": list(answer.rules), "why": answer.message},
        )


async def _count(
    tx: Tx, gateway: Gateway, click: Click, sealed: SealedCall, actors: dict[str, Actor], *, approve: bool, reason: str
) -> Answer:
    if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
        return Answer(said=Said.DUPLICATE, message="this press was already counted")
    proposal = await proposals.get(tx, click.tenant, click.proposal_id)
    task = await tasks.get(tx, click.tenant, proposal.task_id)
    await show_card(tx, task, proposal.id)  # whatever comes of it, the pressed card is drawn again
    late = proposal.state is ProposalState.OPEN and await tx.time() >= proposal.expires_at
    if late or not _may_still_vote(proposal, task, approve=approve):
        return Answer(said=Said.STALE, message=_how_it_stands(proposal, late=late))
    if not await proposals.vote(
        tx, tenant=click.tenant, proposal_id=proposal.id, voter=click.who, approve=approve, reason=reason
    ):
        return Answer(said=Said.COUNTED, message="your vote is already counted")
    if not approve:
        await _reject(tx, task, proposal, click.who, reason)
        return Answer(said=Said.DONE, message="rejected", task_id=task.id)
    owed = sealed.policy_obligations()
    cast = _cast(await proposals.votes_on(tx, click.tenant, proposal.id), actors)
    states = tally(owed, cast, requester=sealed.requester, tenant=click.tenant, judge=gateway.judge_of(sealed))
    missing = ", ".join(f"{s.missing} of @{s.obligation.group}" for s in states if s.missing)
    await note(tx, task, "voted", {"who": click.who, "proposal": proposal.id, "approve": True, "missing": missing})
    if missing:
        return Answer(said=Said.COUNTED, message=f"counted; still needs {missing}", task_id=task.id)
    await proposals.move(tx, proposal, ProposalState.APPROVED)
    approvers = [vote.voter for vote in cast_approvals(await proposals.votes_on(tx, click.tenant, proposal.id))]
    await note(tx, task, "approved", {"proposal": proposal.id, "by": list(approvers)})
    await move(tx, task, TaskState.EXECUTING)
    return Answer(said=Said.DONE, message="approved", task_id=task.id)


def _may_still_vote(proposal: Proposal, task: Task, *, approve: bool) -> bool:
    if proposal.state is ProposalState.OPEN:
        return task.state is TaskState.NEEDS_APPROVAL and task.proposal_id == proposal.id
    # Approve and Reject at once: Reject wins as long as no worker has taken the call up.
    waits = proposal.state is ProposalState.APPROVED and task.state is TaskState.EXECUTING and task.owner is None
    return waits and not approve


async def _reject(tx: Tx, task: Task, proposal: Proposal, who: str, reason: str) -> None:
    said = f"<@{who}> said no" + (f": {reason}" if reason else "")
    await proposals.move(tx, proposal, ProposalState.REJECTED, outcome=said)
    await steps.append(
        tx,
        task,
        task.turns,
        [
            (
                StepKind.RESULT,
                {
                    "call_id": proposal.call_id,
                    "tool": proposal.tool,
                    "status": "rejected",
                    "content": {
                        "message": f"a person rejected it: {reason or 'no reason given'}",
                        "reason": reason,
                        "by": who,
                    },
                },
            )
        ],
    )
    await note(tx, task, "rejected", {"proposal": proposal.id, "by": who, "reason": reason})
    await move(tx, task, TaskState.QUEUED, proposal_id=None)


def _cast(found: Sequence[Vote], actors: dict[str, Actor]) -> list[CastVote]:
    return [CastVote(voter=actors[v.voter], approve=v.approve) for v in found if v.voter in actors]


def cast_approvals(found: Sequence[Vote]) -> list[Vote]:
    """The approvals among the votes."""
    return [vote for vote in found if vote.approve]


def _how_it_stands(proposal: Proposal, *, late: bool) -> str:
    if late:
        return "it has expired; ask again"
    if proposal.state is ProposalState.SUPERSEDED:
        return "a newer proposal replaced this one"
    if proposal.state in OPEN_STATES:
        return "it is already approved and on its way"
    return f"it has already ended ({proposal.state.value.replace('_', ' ')})"
