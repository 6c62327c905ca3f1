"""When the check after a change fails: Undo is pressed where the tool's manifest says so, else people are told."""

from bot.lifecycle.moves import note, tell
from bot.orchestrator import undos
from bot.orchestrator.requests import Click, Said
from storage import posts, proposals
from storage.db import Database
from storage.records import Proposal, Source, Task
from tools.contract import Held, Verified
from tools.gateway import Gateway
from tools.sealing import open_seal


async def failed_check(db: Database, gateway: Gateway, task: Task, proposal: Proposal, seen: Verified) -> None:
    """Act on a check that says no, once. "Cannot tell" is no failure, and an undo is not undone."""
    if seen.held is not Held.NO or task.source is Source.UNDO:
        return
    sealed = open_seal(proposal)
    pressed = ""
    if sealed.undo is not None and sealed.undo.by_check:
        pressed = await _press(db, gateway, task, proposal)
    offered = "Undo is on its card." if sealed.undo is not None else "It cannot be undone."
    text = f"The check after this change says it did not take: {seen.says or sealed.says}. {pressed or offered}"
    async with db.write() as tx:
        await note(tx, task, "check_failed", {"proposal": proposal.id, "says": seen.says, "undo": pressed})
        await tell(tx, task, f"check-failed:{proposal.id}", text, kind="warning")
        await posts.refresh(tx, task.tenant, proposal.card_id)


async def _press(db: Database, gateway: Gateway, task: Task, proposal: Proposal) -> str:
    """Press Undo in the name of one who approved: they saw on the card that a failing check would do so.

    The same door as any press: who is still entitled, policy, the inverse previewed, approvals when it asks for them;
    and policy is told that nobody pressed. Of a plan, what failed its check is undone and the rest is for people.
    """
    async with db.read() as tx:
        votes = await proposals.votes_on(tx, task.tenant, proposal.card_id)
    why = "nobody who approved may undo it now"
    for voter in [vote.voter for vote in votes if vote.approve]:
        click = Click(tenant=task.tenant, proposal_id=proposal.id, who=voter, key=f"check:{proposal.id}:{voter}")
        answer = await undos.undo(db, gateway, gateway.people, click, by_check=True)
        if answer.said in (Said.DONE, Said.DUPLICATE):
            return f"It is being undone, in the name of <@{voter}>, who approved it so."
        if answer.said is Said.STALE:
            return "It is being undone already."
        why = answer.message
    return f"It could not be undone by itself ({why}); Undo is on its card."
