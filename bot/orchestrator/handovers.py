"""Handing over: somebody who may approve asks another, named, person who may. It gives nobody a right."""

from bot.lifecycle.moves import note, tell
from bot.orchestrator.asking import may_approve, say_directly
from bot.orchestrator.freshness import how_it_stands, redraw, waits
from bot.orchestrator.refusals import LOST, STRANGER, cannot_ask, pressed, refuse
from bot.orchestrator.requests import Answer, Click, Said
from policy.people import People, unasked
from policy.types import Actor
from storage import inbox, posts, proposals, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import PostKind, Proposal
from tools.gateway import Gateway
from tools.sealing import SealedCall


async def hand_to(db: Database, gateway: Gateway, people: People, click: Click, to: str) -> Answer:
    """Ask one person directly, with the card, in the name of another; or say why not."""
    giver = await people.actor(click.tenant, click.who)
    taker = await people.actor(click.tenant, to)
    on = await pressed(db, click, "hand_over_refused")
    if isinstance(on, Answer):
        return on
    proposal, sealed = on.proposal, on.sealed
    async with db.read() as tx:
        voted = {vote.voter for vote in await proposals.votes_on(tx, click.tenant, click.proposal_id)}
    refused = _refusal(gateway, sealed, giver, taker, to, voted)
    if refused is not None:
        return await refuse(db, click, proposal, refused, "hand_over_refused")
    try:
        return await transact(db, lambda tx: _hand(tx, click, proposal, sealed, to))
    except LostRace:
        return LOST


def _refusal(
    gateway: Gateway, sealed: SealedCall, giver: Actor | None, taker: Actor | None, to: str, voted: set[str]
) -> Answer | None:
    groups = ", ".join(dict.fromkeys(f"@{o.group}" for o in sealed.obligations))

    def no(message: str, hint: str = "") -> Answer:
        return Answer(said=Said.REFUSED, message=message, rules=("builtin:hand-over",), hint=hint)

    if giver is None:
        return STRANGER
    owed = {o.group for o in sealed.obligations}
    if why := unasked(giver, owed) or unasked(taker, owed):
        return cannot_ask(why)
    if not may_approve(gateway, sealed, giver):
        return no("only somebody who may approve this can hand it over", f"ask somebody in {groups}")
    if giver.id == to:
        return no("you have it already; name somebody else")
    if taker is None:
        return no(f"<@{to}> is not an active member of this workspace", f"name somebody in {groups}")
    if taker.id == sealed.requester and not may_approve(gateway, sealed, taker):
        return no(f"<@{to}> asked for this, so somebody else must approve it", f"name somebody else in {groups}")
    if not may_approve(gateway, sealed, taker):
        return no(f"<@{to}> cannot approve this; it needs {groups}", f"name somebody in {groups}")
    if to in voted:
        return no(f"<@{to}> has already voted on this", f"name somebody else in {groups}")
    return None


async def _hand(tx: Tx, click: Click, seen: Proposal, sealed: SealedCall, to: str) -> Answer:
    task = await tasks.lock(tx, click.tenant, seen.task_id)
    proposal = await proposals.get(tx, click.tenant, seen.id)
    if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
        return Answer(said=Said.DUPLICATE)
    late = await tx.time() >= proposal.expires_at
    if not waits(proposal, task) or late:
        await redraw(tx, click)
        return Answer(said=Said.STALE, message=how_it_stands(proposal, late=late))
    has_it = any(
        post.kind is PostKind.CARD and post.channel == to for post in await posts.showing(tx, click.tenant, proposal.id)
    )
    await posts.want(
        tx,
        tenant=click.tenant,
        kind=PostKind.CARD,
        subject=proposal.id,
        channel=to,
        task_id=task.id,
        body={"asked": f"<@{click.who}> hands this to you", "handed": f"handed to <@{to}> by <@{click.who}>"},
    )
    if has_it:  # a card that is only updated makes no sound
        text = f"<@{click.who}> hands this to you: {sealed.says}."
        await say_directly(tx, task, f"handed:{proposal.id}:{click.key}", to, text, about=proposal.id)
    await tell(tx, task, f"handed:{proposal.id}:{click.who}:{to}", f"<@{click.who}> hands this to <@{to}>.")
    await note(tx, task, "handed_over", {"proposal": proposal.id, "by": click.who, "to": to})
    await redraw(tx, click)
    return Answer(said=Said.DONE, message=f"handed to <@{to}>", task_id=task.id)
