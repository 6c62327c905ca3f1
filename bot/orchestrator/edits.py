"""Edits: a person changes the arguments of a waiting proposal. The old one is superseded; votes never carry over."""

from bot.orchestrator.ballots import LOST
from bot.lifecycle.moves import move, note, show_card
from bot.orchestrator.requests import Answer, Edit, Said
from policy.people import People
from storage import inbox, proposals, steps, tasks
from storage.db import Database
from storage.errors import LostRace, NotFound
from storage.records import ProposalState, StepKind, TaskState
from tools.gateway import Gateway
from tools.sealing import open_seal


async def edit(db: Database, gateway: Gateway, people: People, request: Edit) -> Answer:
    """Check the new values and, when they may be proposed, queue the task with the changed call."""
    click = request.click
    editor = await people.actor(click.tenant, click.who)
    if editor is None:
        return Answer(said=Said.REFUSED, message="you are not an active member of this workspace")
    async with db.read() as tx:
        try:
            proposal = await proposals.get(tx, click.tenant, click.proposal_id)
            task = await tasks.get(tx, click.tenant, proposal.task_id)
        except NotFound:
            return Answer(said=Said.STALE, message="there is no such proposal here")
    sealed = open_seal(proposal)
    if proposal.state is not ProposalState.OPEN or task.state is not TaskState.NEEDS_APPROVAL:
        return Answer(said=Said.STALE, message="it can no longer be edited; the card shows how it stands")
    wrong = await gateway.check_edit(task, sealed, request.arguments, editor)
    if wrong:
        return Answer(said=Said.INVALID, message="; ".join(text for _, text in wrong), fields=wrong)
    try:
        async with db.write() as tx:
            if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
                return Answer(said=Said.DUPLICATE)
            await proposals.move(tx, proposal, ProposalState.SUPERSEDED, outcome=f"<@{click.who}> changed the values")
            await steps.append(
                tx,
                task,
                task.turns,
                [
                    (
                        StepKind.CALLED,
                        {
                            "call_id": proposal.call_id,
                            "tool": sealed.tool,
                            "arguments": request.arguments,
                            "reason_code": sealed.reason_code,
                            "why": sealed.why,
                            "skill": sealed.skill,
                            "edited_by": click.who,
                            "supersedes": proposal.id,
                        },
                    )
                ],
            )
            await note(tx, task, "edited", {"proposal": proposal.id, "by": click.who})
            await move(tx, task, TaskState.QUEUED, proposal_id=None)
            await show_card(tx, task, proposal.id)
    except LostRace:
        return LOST
    return Answer(said=Said.DONE, message="a new proposal is on its way", task_id=task.id)
