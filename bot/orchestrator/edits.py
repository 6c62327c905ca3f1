"""Edits: a person changes the arguments of a waiting proposal. The old one is superseded; votes never carry over."""

from bot.lifecycle.moves import move, note, show_card
from bot.lifecycle.plans import supersede
from bot.orchestrator.refusals import LOST, STRANGER, cannot_ask, pressed, refuse
from bot.orchestrator.requests import Answer, Edit, Said
from policy.people import People, unasked
from policy.types import Actor
from storage import inbox, proposals, steps, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import JsonObject, Proposal, ProposalState, StepKind, Task, TaskState
from tools.errors import UnknownTool
from tools.gateway import Gateway
from tools.sealing import SealedCall

TOO_LATE = Answer(said=Said.STALE, message="it can no longer be edited; the card shows how it stands")


async def edit(db: Database, gateway: Gateway, people: People, request: Edit) -> Answer:
    """Check the new values and, when they may be proposed, queue the task with the changed call."""
    click = request.click
    editor = await people.actor(click.tenant, click.who)
    on = await pressed(db, click, "edit_refused")
    if isinstance(on, Answer):
        return on
    proposal, sealed = on.proposal, on.sealed
    async with db.read() as tx:
        task = await tasks.get(tx, click.tenant, proposal.task_id)
    if editor is None or not gateway.may_edit(sealed, editor):
        return await refuse(db, click, proposal, _not_yours(sealed, editor), "edit_refused")
    if not _waits(proposal, task):
        return TOO_LATE
    try:
        wrong = await gateway.check_edit(task, sealed, request.arguments, editor)
    except UnknownTool as error:
        return Answer(said=Said.STALE, message=str(error))
    if wrong:
        return Answer(said=Said.INVALID, message="; ".join(text for _, text in wrong), fields=wrong)
    try:
        return await transact(db, lambda tx: _replace(tx, request, proposal, sealed))
    except LostRace:
        return LOST


async def _replace(tx: Tx, request: Edit, seen: Proposal, sealed: SealedCall) -> Answer:
    click = request.click
    task = await tasks.lock(tx, click.tenant, seen.task_id)
    proposal = await proposals.get(tx, click.tenant, seen.id)
    if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
        return Answer(said=Said.DUPLICATE)
    if not _waits(proposal, task) or await tx.time() >= proposal.expires_at:
        await show_card(tx, task, proposal.card_id)
        return TOO_LATE
    await supersede(tx, proposal, f"<@{click.who}> changed the values")
    called: JsonObject = {
        "call_id": proposal.call_id,
        "tool": sealed.tool,
        "arguments": request.arguments,
        "reason_code": sealed.reason_code,
        "why": "",  # it was said of other values
        "skill": sealed.skill,
        "edited_by": click.who,
        "supersedes": proposal.id,
    }
    await steps.append(tx, task, task.turns, [(StepKind.CALLED, called)])
    await note(tx, task, "edited", {"proposal": proposal.id, "by": click.who})
    await move(tx, task, TaskState.QUEUED, proposal_id=None)
    await show_card(tx, task, proposal.card_id)
    return Answer(said=Said.DONE, message="a new proposal is on its way", task_id=task.id)


def _waits(proposal: Proposal, task: Task) -> bool:
    return (
        proposal.state is ProposalState.OPEN
        and task.state is TaskState.NEEDS_APPROVAL
        and task.proposal_id == proposal.card_id
    )


def _not_yours(sealed: SealedCall, editor: Actor | None) -> Answer:
    if editor is None:
        return STRANGER
    if why := unasked(editor, {o.group for o in sealed.obligations}):
        return cannot_ask(why)
    if sealed.kind == "plan":
        message = "a plan is edited one call at a time: press Edit beside the call"
        return Answer(said=Said.REFUSED, message=message, rules=("builtin:edit",))
    if sealed.kind != "call":
        return Answer(said=Said.REFUSED, message="an undo is taken as it is or not at all", rules=("builtin:edit",))
    groups = ", ".join(dict.fromkeys(f"@{o.group}" for o in sealed.obligations))
    message = f"you cannot edit this; whoever asked can, and {groups}"
    return Answer(said=Said.REFUSED, message=message, rules=("builtin:edit",), hint=f"ask somebody in {groups}")
