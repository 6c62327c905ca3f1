"""Presses on something that looks like a card of ours and is none: a card that was forwarded, or drawn by another."""

from bot.orchestrator.refusals import refuse
from bot.orchestrator.requests import Answer, Click, Said
from storage import posts, proposals
from storage.db import Database
from storage.errors import NotFound
from storage.records import OPEN_STATES, ProposalState

_MATTERS = (*OPEN_STATES, ProposalState.RAN)
_COPY = Answer(
    said=Said.REFUSED,
    message="this is not the card itself, only something that looks like it; nothing was counted",
    rules=("builtin:not-our-card",),
    hint="press on the card in its own thread, or on my Home",
)


async def misplaced(db: Database, click: Click, event: str) -> Answer | None:
    """The refusal of a press on a message that is no card of this proposal, on the record; None where it is one.

    Where a press can change nothing any more, the answer is how it stands.
    """
    if not click.message_ts:
        return None  # Home and modals are drawn for one person, by us
    async with db.read() as tx:
        try:
            proposal = await proposals.get(tx, click.tenant, click.proposal_id)
        except NotFound:
            return None
        if proposal.state not in _MATTERS:
            return None
        subjects = [proposal.id, *([proposal.plan_id] if proposal.plan_id else [])]
        if await posts.carries(tx, click.tenant, (click.channel, click.who), click.message_ts, subjects):
            return None
    return await refuse(db, click, proposal, _COPY, event)
