"""Undo: the sealed inverse of a call that ran becomes a task of its own and goes through the same door."""

from bot.orchestrator.ballots import LOST
from bot.lifecycle.moves import note, show_card
from bot.orchestrator.requests import Answer, Click, Said
from policy.approval import tally
from policy.people import People
from policy.types import CastVote, Deny
from storage import inbox, posts, proposals, tasks
from storage.db import Database
from storage.errors import LostRace, NotFound
from storage.records import ProposalState, Source, TaskState
from storage.tasks import NewTask
from tools.gateway import Gateway
from tools.outcomes import Denied
from tools.sealing import open_seal

UNDO_HOURS = 24
"""how long a card offers Undo after its call ran"""


async def undo(db: Database, gateway: Gateway, people: People, click: Click) -> Answer:
    """Start the inverse of a call that ran; the press is the presser's own approval of it."""
    presser = await people.actor(click.tenant, click.who)
    async with db.read() as tx:
        try:
            done = await proposals.get(tx, click.tenant, click.proposal_id)
            was = await tasks.get(tx, click.tenant, done.task_id)
        except NotFound:
            return Answer(said=Said.STALE, message="there is no such proposal here")
        now = await tx.time()
    sealed = open_seal(done)
    if done.state is not ProposalState.RAN or done.undone_by is not None:
        return Answer(said=Said.STALE, message="there is nothing to undo here any more")
    if now > (done.finished_at or now) + UNDO_HOURS * 3600:
        return Answer(said=Said.STALE, message=f"undo was offered for {UNDO_HOURS} hours; ask for the change instead")
    if presser is None:
        return Answer(said=Said.REFUSED, message="you are not an active member of this workspace")
    groups = {o.group for o in sealed.obligations} or {"operators"}
    may = gateway.rules.engine.may_undo(presser, requester=sealed.requester, groups=groups, tenant=click.tenant)
    if isinstance(may, Deny):
        return await _refused(db, click, was.id, may.because, groups)
    inverse = await gateway.seal_undo(was, done, presser, gateway.place(click.tenant, was.channel))
    if isinstance(inverse, Denied):
        return await _refused(db, click, was.id, inverse.because, groups, inverse.message)
    states = tally(
        inverse.policy_obligations(),
        [CastVote(voter=presser, approve=True)],
        requester=presser.id,
        tenant=click.tenant,
        judge=gateway.judge_of(inverse),
    )
    enough = all(not state.missing for state in states)
    try:
        async with db.write() as tx:
            if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
                return Answer(said=Said.DUPLICATE)
            task = await tasks.create(
                tx,
                NewTask(
                    tenant=was.tenant,
                    source=Source.UNDO,
                    channel=was.channel,
                    thread_ts=was.thread_ts,
                    request_ts=was.request_ts,
                    requester=click.who,
                    requester_team=was.requester_team,
                    text=f"undo: {sealed.says}",
                    title=f"Undo: {sealed.says}"[:120],
                    agent=was.agent,
                    agent_version=was.agent_version,
                    parent_id=was.id,
                    state=TaskState.EXECUTING if enough else TaskState.NEEDS_APPROVAL,
                ),
            )
            proposal = await gateway.store_undo(tx, task, inverse.model_copy(update={"task": task.id}))
            if not await proposals.claim_undo(tx, done, proposal.id):
                raise LostRace("undo", done.id)
            await tasks.touch(tx, task, proposal_id=proposal.id)
            await proposals.vote(
                tx, tenant=click.tenant, proposal_id=proposal.id, voter=click.who, approve=True, reason="pressed Undo"
            )
            await note(tx, task, "created", {"source": "undo", "requester": click.who, "undoes": done.id})
            if enough:
                await proposals.move(tx, proposal, ProposalState.APPROVED)
                await note(tx, task, "approved", {"proposal": proposal.id, "by": [click.who]})
            else:
                await show_card(tx, task, proposal.id)
            await posts.refresh(tx, click.tenant, done.id)
    except LostRace:
        return LOST
    return Answer(said=Said.DONE, message="undoing", task_id=task.id)


async def _refused(
    db: Database, click: Click, task_id: str, rules: tuple[str, ...], groups: set[str], message: str = ""
) -> Answer:
    who = ", ".join(f"@{group}" for group in sorted(groups))
    async with db.write() as tx:
        task = await tasks.get(tx, click.tenant, task_id)
        await note(tx, task, "undo_refused", {"who": click.who, "proposal": click.proposal_id, "rules": list(rules)})
        await posts.refresh(tx, click.tenant, click.proposal_id)
    return Answer(
        said=Said.REFUSED,
        message=message or f"you cannot undo this; it takes somebody in {who}",
        rules=rules,
        hint=f"ask somebody in {who}",
    )
