"""Calls in doubt: a person says whether it happened. Never a blind second run."""

from bot.orchestrator.ballots import LOST, refusal_of
from bot.lifecycle.moves import move, note, show_card
from bot.orchestrator.requests import Answer, Click, Said, Verdict
from policy.people import People
from storage import inbox, intents, proposals, steps, tasks
from storage.db import Database
from storage.errors import LostRace, NotFound
from storage.records import IntentState, JsonObject, ProposalState, StepKind, TaskState
from tools.gateway import Gateway
from tools.sealing import open_seal


async def resolve(db: Database, gateway: Gateway, people: People, click: Click, verdict: Verdict) -> Answer:
    """End a doubt by a person's word. "Run it" makes a NEW proposal that is decided like any other."""
    person = await people.actor(click.tenant, click.who)
    async with db.read() as tx:
        try:
            proposal = await proposals.get(tx, click.tenant, click.proposal_id)
        except NotFound:
            return Answer(said=Said.STALE, message="there is no such proposal here")
    sealed = open_seal(proposal)
    refused = refusal_of(gateway, person, click, sealed, approve=True)
    if refused is not None:
        return refused
    try:
        async with db.write() as tx:
            if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
                return Answer(said=Said.DUPLICATE)
            task = await tasks.get(tx, click.tenant, proposal.task_id)
            intent = await intents.find(tx, click.tenant, f"proposal:{proposal.id}")
            if proposal.state is not ProposalState.IN_DOUBT or intent is None:
                return Answer(said=Said.STALE, message="there is no doubt here any more")
            said = {
                Verdict.HAPPENED: f"<@{click.who}> says it happened",
                Verdict.RUN_IT: f"<@{click.who}> says it did not happen and asks to run it",
                Verdict.DROP: f"<@{click.who}> says to leave it",
            }[verdict]
            happened = verdict is Verdict.HAPPENED
            await intents.finish(
                tx,
                intent,
                IntentState.RAN if happened else IntentState.DROPPED,
                outcome=said,
                output={"says": said} if happened else None,
            )
            to = {
                Verdict.HAPPENED: ProposalState.RAN,
                Verdict.RUN_IT: ProposalState.SUPERSEDED,
                Verdict.DROP: ProposalState.FAILED,
            }[verdict]
            await proposals.move(tx, proposal, to, outcome=said)
            body: JsonObject = (
                {
                    "call_id": proposal.call_id,
                    "tool": sealed.tool,
                    "arguments": dict(sealed.arguments),
                    "reason_code": sealed.reason_code,
                    "why": sealed.why,
                    "skill": sealed.skill,
                    "supersedes": proposal.id,
                }
                if verdict is Verdict.RUN_IT
                else {
                    "call_id": proposal.call_id,
                    "tool": sealed.tool,
                    "status": "ran" if happened else "failed",
                    "content": {"message": said},
                }
            )
            kind = StepKind.CALLED if verdict is Verdict.RUN_IT else StepKind.RESULT
            await steps.append(tx, task, task.turns, [(kind, body)])
            await note(tx, task, "doubt_resolved", {"proposal": proposal.id, "by": click.who, "verdict": verdict})
            await move(tx, task, TaskState.QUEUED, proposal_id=None)
            await show_card(tx, task, proposal.id)
    except LostRace:
        return LOST
    return Answer(said=Said.DONE, message=said, task_id=task.id)
