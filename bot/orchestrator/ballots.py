"""Votes: check the person, record the vote, see whether all obligations are met, move the task — one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.factors.step_up import StepUps
from bot.lifecycle import plans
from bot.lifecycle.moves import move, note
from bot.orchestrator import stepping_up
from bot.orchestrator.freshness import how_it_stands, redraw
from bot.orchestrator.refusals import LOST, altered, own_refusal, pressed, refusal_of, refuse
from bot.orchestrator.requests import Answer, Click, Said
from bot.orchestrator.stepping_up import Proven
from bot.orchestrator.withdrawals import end_undo
from policy.approval import must_step_up, tally
from policy.people import People, unasked
from policy.types import Actor, CastVote
from storage import evaluations, inbox, proposals, step_ups, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.evaluations import EvaluationKind
from storage.records import JsonObject, Proposal, ProposalState, Task, TaskState, Vote
from tools.altered import how_broken
from tools.errors import SealBroken
from tools.gateway import Gateway
from tools.sealing import SealedCall, open_seal, seal_if_whole


class _Strangers(Exception):
    """Somebody else's vote came in meanwhile; who they are must be asked outside the transaction."""


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """One person's press, with the words they gave for it."""

    click: Click
    approve: bool
    reason: str = ""
    proven: Proven | None = None

    @property
    def factor(self) -> str:
        return self.proven.method if self.proven is not None else ""


async def vote(
    db: Database,
    gateway: Gateway,
    people: People,
    click: Click,
    *,
    approve: bool,
    reason: str = "",
    means: StepUps | None = None,
    proven: Proven | None = None,
) -> Answer:
    """Count one person's Approve or Reject. Everything but who pressed what comes from our own record."""
    ballot = Ballot(click=click, approve=approve, reason=gateway.clean(reason), proven=proven)
    voter = await people.actor(click.tenant, click.who)
    on = await pressed(db, click, "vote_refused")
    if isinstance(on, Answer):
        return on
    proposal, sealed = on.proposal, on.sealed
    refused = refusal_of(gateway, voter, click, sealed, approve=approve)
    if refused is not None:
        return await refuse(db, click, proposal, await own_refusal(db, proposal, sealed, refused), "vote_refused")
    assert voter is not None
    if approve and proven is None and _takes_a_factor(gateway, sealed, voter):
        return await stepping_up.send(db, means, click, proposal)
    actors: dict[str, Actor | None] = {voter.id: voter}
    while True:
        try:
            return await transact(db, lambda tx: _count(tx, gateway, ballot, proposal.task_id, actors))
        except _Strangers as strangers:
            for user in strangers.args:
                actors[user] = await people.actor(click.tenant, user)
        except LostRace:
            return LOST


async def _count(tx: Tx, gateway: Gateway, ballot: Ballot, task_id: str, actors: dict[str, Actor | None]) -> Answer:
    click = ballot.click
    task = await tasks.lock(tx, click.tenant, task_id)
    proposal = await proposals.get(tx, click.tenant, click.proposal_id)  # as it is under the lock
    try:
        sealed = open_seal(proposal)
    except SealBroken:
        return await _altered(tx, task, click, proposal)
    if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
        return Answer(said=Said.DUPLICATE, message="this press was already counted")
    await redraw(tx, click)  # whatever comes of it, the pressed card is drawn again
    late = proposal.state is ProposalState.OPEN and await tx.time() >= proposal.expires_at
    of_plan = await proposals.calls_of(tx, click.tenant, proposal.id) if proposal.is_plan else []
    if late or not _may_still_vote(proposal, of_plan, task, approve=ballot.approve):
        return Answer(said=Said.STALE, message=how_it_stands(proposal, late=late))
    if ballot.approve and any(seal_if_whole(call) is None for call in of_plan):
        return await _altered(tx, task, click, proposal)
    if ballot.proven is not None and not await step_ups.use(tx, ballot.proven.link):
        return Answer(said=Said.STALE, message="this link was used or is too old; press Approve again")
    new = await proposals.vote(
        tx,
        tenant=click.tenant,
        proposal_id=proposal.id,
        voter=click.who,
        approve=ballot.approve,
        reason=ballot.reason,
        stepped_up=ballot.factor,
    )
    if not ballot.approve:
        await _reject(tx, gateway, task, proposal, click.who, ballot.reason)
        return Answer(said=Said.DONE, message="rejected", task_id=task.id)
    return await _approve(tx, gateway, ballot, task, proposal, sealed, actors, new=new)


async def _altered(tx: Tx, task: Task, click: Click, proposal: Proposal) -> Answer:
    why = await how_broken(tx, proposal)
    await note(tx, task, "vote_refused", {"who": click.who, "proposal": click.proposal_id, "why": why})
    return altered(why)


async def _approve(
    tx: Tx,
    gateway: Gateway,
    ballot: Ballot,
    task: Task,
    proposal: Proposal,
    sealed: SealedCall,
    actors: dict[str, Actor | None],
    *,
    new: bool,
) -> Answer:
    click = ballot.click
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
    missing = ", ".join(state.in_words for state in states if state.missing)
    if new:
        body: JsonObject = {"who": click.who, "proposal": proposal.id, "approve": True, "missing": missing}
        if ballot.proven is not None:
            body |= {"stepped_up": ballot.factor, "stepped_up_at": await tx.time(), "link": ballot.proven.link.id}
        await note(tx, task, "voted", body)
    if missing:
        counted = "counted" if new else "your vote is already counted"
        groups = {state.obligation.group for state in states if state.missing}
        silent = dict.fromkeys(unasked(actor, groups) for actor in actors.values())
        why = "".join(f"; {one}, so press again in a minute" for one in silent if one)
        return Answer(said=Said.COUNTED, message=f"{counted}; still needs {missing}{why}", task_id=task.id)
    first = await plans.approve(tx, proposal)
    approvers = [vote.voter for vote in found if vote.approve]
    proven: JsonObject = {vote.voter: vote.stepped_up for vote in found if vote.approve and vote.stepped_up}
    how: JsonObject = {"stepped_up": proven} if proven else {}
    await note(tx, task, "approved", {"proposal": proposal.id, "by": [*approvers], **how})
    await move(tx, task, TaskState.EXECUTING, proposal_id=first.id)
    return Answer(said=Said.DONE, message="approved", task_id=task.id)


def _may_still_vote(proposal: Proposal, calls: Sequence[Proposal], task: Task, *, approve: bool) -> bool:
    if proposal.state is ProposalState.OPEN:
        return task.state is TaskState.NEEDS_APPROVAL and task.proposal_id == proposal.id
    # Approve and Reject at once: Reject wins as long as no worker has taken the call, or the first of a plan, up.
    first = calls[0] if calls else proposal
    waits = first.state is ProposalState.APPROVED and task.state is TaskState.EXECUTING and task.owner is None
    return waits and task.proposal_id == first.id and not approve


async def _reject(tx: Tx, gateway: Gateway, task: Task, proposal: Proposal, who: str, reason: str) -> None:
    said = f"<@{who}> said no" + (f": {reason}" if reason else "")
    message = f"a person rejected it: {reason or 'no reason given'}"
    content: JsonObject = {"message": message, "reason": reason, "by": who}
    calls = await plans.turn_down(tx, task, proposal, ProposalState.REJECTED, outcome=said, content=content)
    await note(tx, task, "rejected", {"proposal": proposal.id, "by": who, "reason": reason})
    if proposal.undoes is not None:
        for call in calls:
            await plans.release(tx, call)
        await end_undo(tx, task, proposal, said)
        return
    for call in calls:
        await evaluations.keep(
            tx,
            task,
            kind=EvaluationKind.REJECTED,
            subject=call.id,
            request=gateway.clean(task.text),
            proposal_id=call.id,
            proposed=_proposed(gateway, call),
            feedback=reason,
            by=who,
        )
    await move(tx, task, TaskState.QUEUED, proposal_id=None)


def _proposed(gateway: Gateway, call: Proposal) -> JsonObject:
    """The call as an evaluation shows it: what was asked for and why, without secrets."""
    try:
        sealed = open_seal(call)
    except SealBroken as error:  # a No counts whatever became of the bytes
        return {"tool": call.tool, "says": str(error)}
    return {
        "tool": sealed.tool,
        "arguments": gateway.clean_json(dict(sealed.arguments)),
        "says": gateway.clean(sealed.says),
        "why": gateway.clean(sealed.why),
        "skill": sealed.skill,
        "reason_code": sealed.reason_code,
        "target": {"kind": sealed.target_kind, "id": gateway.clean(sealed.target_id), "env": sealed.env},
        "tool_version": sealed.tool_version,
        "policy_version": sealed.policy_version,
    }


def _cast(found: Sequence[Vote], actors: dict[str, Actor | None]) -> list[CastVote]:
    known = [(actors[vote.voter], vote) for vote in found]
    return [
        CastVote(voter=actor, approve=vote.approve, stepped_up=bool(vote.stepped_up))
        for actor, vote in known
        if actor is not None
    ]


def _takes_a_factor(gateway: Gateway, sealed: SealedCall, voter: Actor) -> bool:
    return must_step_up(
        sealed.policy_obligations(),
        voter,
        requester=sealed.requester,
        tenant=sealed.tenant,
        judge=gateway.judge_of(sealed),
    )
