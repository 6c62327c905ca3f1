"""Undo: the sealed inverse of a call that ran becomes a task of its own and goes through the same door."""

from dataclasses import replace

from bot.lifecycle import plans
from bot.lifecycle.moves import note, show_card, show_card_in
from bot.orchestrator.refusals import LOST, STRANGER, cannot_ask, pressed, refuse
from bot.orchestrator.requests import Answer, Click, Said
from policy.approval import tally
from policy.people import People, unasked
from policy.types import CastVote, Deny
from storage import inbox, posts, proposals, tasks
from storage.aging import UNDO_SECONDS
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import Proposal, ProposalState, Source, Task, TaskState
from storage.tasks import NewTask
from tools.gateway import Gateway
from tools.outcomes import Denied
from tools.planning import bind
from tools.sealing import SealedCall, open_seal

UNDO_HOURS = UNDO_SECONDS / 3600
"""how long a card offers Undo after its call ran"""


async def undo(
    db: Database, gateway: Gateway, people: People, click: Click, *, by_check: bool = False, cards_channel: str = ""
) -> Answer:
    """Start the inverse of a call that ran; the press is the presser's own approval of it.

    `by_check`: a failed check presses in the name of one who approved, which policy decides about on its own.
    """
    cause = "the check after the run failed" if by_check else "pressed Undo"
    presser = await people.actor(click.tenant, click.who)
    on = await pressed(db, click, "undo_refused")
    if isinstance(on, Answer):
        return on
    done, sealed = on.proposal, on.sealed
    async with db.read() as tx:
        was = await tasks.get(tx, click.tenant, done.task_id)
        whole = await proposals.get(tx, click.tenant, done.card_id)
        now = await tx.time()
    # A failed check stops its plan, whose card says so a moment later.
    if whole.is_plan and whole.state not in proposals.ENDED and not by_check:
        return Answer(said=Said.STALE, message="the rest of its plan has not ended; stop it first, then press Undo")
    changes = await _still_done(db, done)
    if not changes or done.undone_by is not None:
        return Answer(said=Said.STALE, message="there is nothing to undo here any more")
    if now > (done.finished_at or now) + UNDO_HOURS * 3600:
        late = f"undo was offered for {UNDO_HOURS:.0f} hours; ask for the change instead"
        return Answer(said=Said.STALE, message=late)
    if presser is None:
        return await refuse(db, click, done, STRANGER, "undo_refused")
    groups = {o.group for o in sealed.obligations} or {"operators"}
    may = gateway.rules.engine.may_undo(presser, requester=sealed.requester, groups=groups, tenant=click.tenant)
    if isinstance(may, Deny):
        why = unasked(presser, groups)
        answer = cannot_ask(why) if why else _not_you(may.because, groups)
        return await refuse(db, click, done, answer, "undo_refused")
    inverses: list[SealedCall] = []
    place = await gateway.place(click.tenant, was.channel)
    for change in reversed(changes):
        inverse = await gateway.seal_undo(was, change, presser, place, by_check=by_check)
        if isinstance(inverse, Denied):
            return await refuse(db, click, done, _not_you(inverse.because, groups, inverse.message), "undo_refused")
        inverses.append(inverse)
    undo_of_all = inverses[0] if len(inverses) == 1 else bind(inverses, undoes=done.id).whole
    states = tally(
        undo_of_all.policy_obligations(),
        [CastVote(voter=presser, approve=True)],
        requester=presser.id,
        tenant=click.tenant,
        judge=gateway.judge_of(undo_of_all),
    )
    moved = any(inverse.moved for inverse in inverses)
    enough = not moved and all(not state.missing for state in states)
    try:
        begun = await transact(db, lambda tx: _begin(tx, gateway, click, was, done, inverses, cause, enough=enough))
    except LostRace:
        return LOST
    if begun.said is Said.DONE and not enough:
        async with db.write() as tx:
            task = await tasks.get(tx, click.tenant, begun.task_id)
            await show_card_in(tx, task, task.proposal_id or "", cards_channel)
    if begun.said is Said.DONE and moved:
        return replace(
            begun, said=Said.STALE, message="it was changed since; a card in the thread shows what you would lose"
        )
    return begun


async def _still_done(db: Database, done: Proposal) -> list[Proposal]:
    """What ran and was not taken back yet, in the order in which it ran: the call itself, or those of a plan."""
    every = [done]
    if done.is_plan:
        async with db.read() as tx:
            every = await proposals.calls_of(tx, done.tenant, done.id)
    return [one for one in every if one.state is ProposalState.RAN and one.undone_by is None]


async def _begin(
    tx: Tx,
    gateway: Gateway,
    click: Click,
    was: Task,
    done: Proposal,
    inverses: list[SealedCall],
    cause: str,
    *,
    enough: bool,
) -> Answer:
    await tasks.lock(tx, was.tenant, was.id)
    if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
        return Answer(said=Said.DUPLICATE)
    if not (await proposals.get(tx, done.tenant, done.id)).sealed:  # erased since it was read
        raise LostRace("undo", done.id)
    task = await tasks.create(tx, _task_of(was, click, open_seal(done).says, enough=enough))
    own = [inverse.model_copy(update={"task": task.id}) for inverse in inverses]
    if len(own) == 1:
        proposal = await gateway.store_undo(tx, task, own[0])
    else:
        proposal = await gateway.store_plan(tx, task, bind(own, undoes=done.id))
    await _book(tx, done, proposal)
    await tasks.touch(tx, task, proposal_id=proposal.id)
    await note(tx, task, "created", {"source": "undo", "requester": click.who, "undoes": done.id, "why": cause})
    if any(
        inverse.moved for inverse in own
    ):  # who pressed had not seen what is lost: a card asks, and nobody has voted
        await show_card(tx, task, proposal.id)
        await posts.refresh(tx, click.tenant, done.card_id)
        return Answer(said=Said.DONE, task_id=task.id)
    await proposals.vote(tx, tenant=click.tenant, proposal_id=proposal.id, voter=click.who, approve=True, reason=cause)
    if enough:
        first = await plans.approve(tx, proposal)
        await tasks.touch(tx, task, proposal_id=first.id)
        await note(tx, task, "approved", {"proposal": proposal.id, "by": [click.who]})
    else:
        await note(tx, task, "voted", {"who": click.who, "proposal": proposal.id, "approve": True})
        await show_card(tx, task, proposal.id)
    await posts.refresh(tx, click.tenant, done.card_id)
    return Answer(said=Said.DONE, message="undoing", task_id=task.id)


async def _book(tx: Tx, done: Proposal, undo: Proposal) -> None:
    """Book the one Undo of everything that is taken back.

    Raises:
        LostRace: another Undo has some of it.
    """
    calls = await plans.with_calls(tx, undo)
    booked = [(call.undoes, call.id) for call in calls]
    if done.is_plan and len(calls) > 1:
        booked.append((done.id, undo.id))
    for change, by in booked:
        assert change is not None
        if not await proposals.claim_undo(tx, await proposals.get(tx, done.tenant, change), by):
            raise LostRace("undo", change)


def _task_of(was: Task, click: Click, says: str, *, enough: bool) -> NewTask:
    return NewTask(
        tenant=was.tenant,
        source=Source.UNDO,
        channel=was.channel,
        thread_ts=was.thread_ts,
        request_ts=was.request_ts,
        requester=click.who,
        requester_team=was.requester_team,
        text=f"undo: {says}",
        title=f"Undo: {says}"[:120],
        agent=was.agent,
        agent_version=was.agent_version,
        parent_id=was.id,
        state=TaskState.EXECUTING if enough else TaskState.NEEDS_APPROVAL,
    )


def _not_you(rules: tuple[str, ...], groups: set[str], message: str = "") -> Answer:
    who = ", ".join(f"@{group}" for group in sorted(groups))
    return Answer(
        said=Said.REFUSED,
        message=message or f"you cannot undo this; it takes somebody in {who}",
        rules=rules,
        hint=f"ask somebody in {who}",
    )
