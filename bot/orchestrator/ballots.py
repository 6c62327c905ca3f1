"""Votes: check the person, record the vote, see whether all obligations are met, move the task — one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.lifecycle.moves import move, note, show_card
from bot.orchestrator.refusals import LOST, NOT_HERE, refusal_of, refuse
from bot.orchestrator.requests import Answer, Click, Said
from bot.orchestrator.withdrawals import end_undo
from policy.approval import tally
from policy.people import People
from policy.types import Actor, CastVote
from storage import inbox, proposals, steps, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace, NotFound
from storage.records import OPEN_STATES, JsonObject, Proposal, ProposalState, StepKind, Task, TaskState, Vote
from tools.errors import SealBroken
from tools.gateway import Gateway
from tools.sealing import SealedCall, open_seal


class _Strangers(Exception):
    """Somebody else's vote came in meanwhile; who they are must be asked outside the transaction."""


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """One person's press, with the words they gave for it."""

    click: Click
    approve: bool
    reason: str = ""


async def vote(
    db: Database, gateway: Gateway, people: People, click: Click, *, approve: bool, reason: str = ""
) -> Answer:
    """Count one person's Approve or Reject. Everything but who pressed what comes from our own record."""
    ballot = Ballot(click=click, approve=approve, reason=gateway.clean(reason))
    voter = await people.actor(click.tenant, click.who)
    async with db.read() as tx:
        try:
            proposal = await proposals.get(tx, click.tenant, click.proposal_id)
        except NotFound:
            return NOT_HERE
    try:
        refused = refusal_of(gateway, voter, click, open_seal(proposal), approve=approve)
    except SealBroken as error:
        refused = Answer(said=Said.REFUSED, message=str(error), rules=("builtin:seal",))
    if refused is not None:
        return await refuse(db, click, proposal, refused, "vote_refused")
    assert voter is not None
    actors: dict[str, Actor | None] = {voter.id: voter}
    while True:
        try:
            return await transact(db, lambda tx: _count(tx, gateway, ballot, actors))
        except _Strangers as strangers:
            for user in strangers.args:
                actors[user] = await people.actor(click.tenant, user)
        except LostRace:
            return LOST


async def _count(tx: Tx, gateway: Gateway, ballot: Ballot, actors: dict[str, Actor | None]) -> Answer:
    click = ballot.click
    seen = await proposals.get(tx, click.tenant, click.proposal_id)
    task = await tasks.lock(tx, click.tenant, seen.task_id)
    proposal = await proposals.get(tx, click.tenant, click.proposal_id)  # as it is under the lock
    try:
        sealed = open_seal(proposal)
    except SealBroken as error:
        await note(tx, task, "vote_refused", {"who": click.who, "proposal": click.proposal_id, "why": str(error)})
        return Answer(said=Said.REFUSED, message=str(error), rules=("builtin:seal",))
    if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
        return Answer(said=Said.DUPLICATE, message="this press was already counted")
    await show_card(tx, task, proposal.id)  # whatever comes of it, the pressed card is drawn again
    late = proposal.state is ProposalState.OPEN and await tx.time() >= proposal.expires_at
    if late or not _may_still_vote(proposal, task, approve=ballot.approve):
        return Answer(said=Said.STALE, message=_how_it_stands(proposal, late=late))
    new = await proposals.vote(
        tx,
        tenant=click.tenant,
        proposal_id=proposal.id,
        voter=click.who,
        approve=ballot.approve,
        reason=ballot.reason,
    )
    if not ballot.approve:
        await _reject(tx, task, proposal, click.who, ballot.reason)
        return Answer(said=Said.DONE, message="rejected", task_id=task.id)
    return await _approve(tx, gateway, click, task, proposal, sealed, actors, new=new)


async def _approve(
    tx: Tx,
    gateway: Gateway,
    click: Click,
    task: Task,
    proposal: Proposal,
    sealed: SealedCall,
    actors: dict[str, Actor | None],
    *,
    new: bool,
) -> Answer:
    found = await proposals.votes_on(tx, click.tenant, proposal.id)
    if unknown := {vote.voter for vote in found} - actors.keys():
        raise _Strangers(*sorted(unknown))
    states = tally(
        sealed.policy_obligations(),
        _cast(found, actors),
        requester=sealed.requester,
        tenant=click.tenant,
        judge=gateway.judge_of(sealed),
    )
    missing = ", ".join(f"{s.missing} of @{s.obligation.group}" for s in states if s.missing)
    if new:
        await note(tx, task, "voted", {"who": click.who, "proposal": proposal.id, "approve": True, "missing": missing})
    if missing:
        counted = "counted" if new else "your vote is already counted"
        return Answer(said=Said.COUNTED, message=f"{counted}; still needs {missing}", task_id=task.id)
    await proposals.move(tx, proposal, ProposalState.APPROVED)
    approvers = [vote.voter for vote in found if vote.approve]
    await note(tx, task, "approved", {"proposal": proposal.id, "by": [*approvers]})
    await move(tx, task, TaskState.EXECUTING)
    return Answer(said=Said.DONE, message="approved", task_id=task.id)


def _may_still_vote(proposal: Proposal, task: Task, *, approve: bool) -> bool:
    if task.proposal_id != proposal.id:
        return False
    if proposal.state is ProposalState.OPEN:
        return task.state is TaskState.NEEDS_APPROVAL
    # Approve and Reject at once: Reject wins as long as no worker has taken the call up.
    waits = proposal.state is ProposalState.APPROVED and task.state is TaskState.EXECUTING and task.owner is None
    return waits and not approve


async def _reject(tx: Tx, task: Task, proposal: Proposal, who: str, reason: str) -> None:
    said = f"<@{who}> said no" + (f": {reason}" if reason else "")
    await proposals.move(tx, proposal, ProposalState.REJECTED, outcome=said)
    await note(tx, task, "rejected", {"proposal": proposal.id, "by": who, "reason": reason})
    if proposal.undoes is not None:
        await end_undo(tx, task, proposal, said)
        return
    message = f"a person rejected it: {reason or 'no reason given'}"
    body: JsonObject = {
        "call_id": proposal.call_id,
        "tool": proposal.tool,
        "status": "rejected",
        "content": {"message": message, "reason": reason, "by": who},
    }
    await steps.append(tx, task, task.turns, [(StepKind.RESULT, body)])
    await move(tx, task, TaskState.QUEUED, proposal_id=None)


def _cast(found: Sequence[Vote], actors: dict[str, Actor | None]) -> list[CastVote]:
    known = [(actors[vote.voter], vote.approve) for vote in found]
    return [CastVote(voter=actor, approve=approve) for actor, approve in known if actor is not None]


def _how_it_stands(proposal: Proposal, *, late: bool) -> str:
    if late:
        return "it has expired; ask again"
    if proposal.state is ProposalState.SUPERSEDED:
        return "a newer proposal replaced this one"
    if proposal.state in OPEN_STATES:
        return "it is already approved and on its way"
    return f"it has already ended ({proposal.state.value.replace('_', ' ')})"
