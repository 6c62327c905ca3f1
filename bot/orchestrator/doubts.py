"""Calls in doubt: a person says whether it happened. Never a blind second run."""

from bot.lifecycle.moves import move, note, show_card
from bot.lifecycle.plans import release
from bot.orchestrator.refusals import LOST, pressed, refusal_of, refuse
from bot.orchestrator.requests import Answer, Click, Said, Verdict
from policy.people import People
from storage import inbox, intents, proposals, steps, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import IntentState, JsonObject, Proposal, ProposalState, StepKind, TaskState
from tools.gateway import Gateway
from tools.sealing import SealedCall

_ENDS = {
    Verdict.HAPPENED: ProposalState.RAN,
    Verdict.RUN_IT: ProposalState.SUPERSEDED,
    Verdict.DROP: ProposalState.FAILED,
}


async def resolve(db: Database, gateway: Gateway, people: People, click: Click, verdict: Verdict) -> Answer:
    """End a doubt by a person's word. "Run it" makes a NEW proposal that is decided like any other."""
    person = await people.actor(click.tenant, click.who)
    on = await pressed(db, click, "doubt_refused")
    if isinstance(on, Answer):
        return on
    sealed = on.sealed
    refused = refusal_of(gateway, person, click, sealed, approve=True)
    if refused is not None:
        return await refuse(db, click, on.proposal, refused, "doubt_refused")
    try:
        return await transact(db, lambda tx: _end(tx, click, sealed, verdict))
    except LostRace:
        return LOST


async def _end(tx: Tx, click: Click, sealed: SealedCall, verdict: Verdict) -> Answer:
    task = await tasks.lock(tx, click.tenant, sealed.task)
    proposal = await proposals.get(tx, click.tenant, click.proposal_id)
    if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
        return Answer(said=Said.DUPLICATE)
    if proposal.state is not ProposalState.IN_DOUBT or task.state is not TaskState.ESCALATED_TO_HUMAN:
        return Answer(said=Said.STALE, message="there is no doubt here any more")
    said = {
        Verdict.HAPPENED: f"<@{click.who}> says it happened",
        Verdict.RUN_IT: f"<@{click.who}> says it did not happen and asks to run it",
        Verdict.DROP: f"<@{click.who}> says to leave it",
    }[verdict]
    happened = verdict is Verdict.HAPPENED
    intent = await intents.find(tx, click.tenant, f"proposal:{proposal.id}")
    if intent is not None:  # none when its workers died before they could begin it
        to = IntentState.RAN if happened else IntentState.DROPPED
        await intents.finish(tx, intent, to, outcome=said, output={"says": said} if happened else None)
    await proposals.move(tx, proposal, _ENDS[verdict], outcome=said)
    await note(tx, task, "doubt_resolved", {"proposal": proposal.id, "by": click.who, "verdict": verdict})
    if proposal.plan_id is not None:
        plan = await proposals.get(tx, click.tenant, proposal.plan_id)
        await proposals.mark(tx, click.tenant, plan.id, outcome=f"{plan.outcome} {said}.")
    await show_card(tx, task, proposal.card_id)
    if proposal.undoes is not None:
        if not happened:
            await release(tx, proposal)
            said = f"{said}; press Undo again to run it" if verdict is Verdict.RUN_IT else said
        await move(tx, task, TaskState.COMPLETED, why=said, proposal_id=None)
        return Answer(said=Said.DONE, message=said, task_id=task.id)
    kind = StepKind.CALLED if verdict is Verdict.RUN_IT else StepKind.RESULT
    await steps.append(tx, task, task.turns, [(kind, _step(proposal, sealed, verdict, said))])
    await move(tx, task, TaskState.QUEUED, proposal_id=None)
    return Answer(said=Said.DONE, message=said, task_id=task.id)


def _step(proposal: Proposal, sealed: SealedCall, verdict: Verdict, said: str) -> JsonObject:
    if verdict is Verdict.RUN_IT:
        return {
            "call_id": proposal.call_id,
            "tool": sealed.tool,
            "arguments": dict(sealed.arguments),
            "reason_code": sealed.reason_code,
            "why": sealed.why,
            "skill": sealed.skill,
            "supersedes": proposal.id,
        }
    return {
        "call_id": proposal.call_id,
        "tool": sealed.tool,
        "status": "ran" if verdict is Verdict.HAPPENED else "failed",
        "content": {"message": said},
    }
