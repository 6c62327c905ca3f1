"""Standing grants at the gateway: which one stands for a call. It never decides; it stands for its giver's vote."""

from dataclasses import dataclass

from policy.types import StepUp, Tier
from storage import grants, proposals
from storage.canonical import canonical
from storage.db import Tx
from storage.grants import Grant
from storage.records import Proposal, ProposalState, Vote
from tools.desk import Desk
from tools.sealing import SealedCall


def subject_of(sealed: SealedCall) -> str:
    """The exact call as people saw it: target, arguments, what changes from what to what; by which agent, and where."""
    return canonical(
        {
            "target": [sealed.target_kind, sealed.target_id, sealed.env],
            "arguments": dict(sealed.arguments),
            "changes": [[row.label, row.before, row.after] for row in sealed.changes],
            "agent": sealed.agent,
            "channel": sealed.channel,
        }
    )


def never(sealed: SealedCall) -> str:
    """Why no grant can ever stand for this call, whatever policy says; "" when one could."""
    if sealed.kind != "call":
        return "a grant is for one call, not for a plan or an undo"
    if sealed.tier != Tier.REVERSIBLE or sealed.undo is None:
        return "what cannot be undone is approved each time"
    if sealed.origins:
        return "it holds values that came from untrusted places, so people look each time"
    if sealed.editors:
        return "a person changed its values; a grant is for what the bot proposes by itself"
    if any(owed.step_up is StepUp.REQUIRED for owed in sealed.obligations):
        return "it takes a second factor, which is proven each time"
    if not sealed.obligations:
        return "nobody is asked about it"
    return ""


async def approve_by(tx: Tx, proposal: Proposal, grant: Grant) -> Proposal:
    """Approve a proposal in the name of the grant's giver; its use is counted when it begins to run."""
    await proposals.vote(
        tx,
        tenant=proposal.tenant,
        proposal_id=proposal.id,
        voter=grant.granter,
        approve=True,
        reason=f"standing grant {grant.id}",
    )
    return await proposals.move(tx, proposal, ProposalState.APPROVED, grant_id=grant.id)


def _vote_of(grant: Grant) -> Vote:
    """What a grant stands for: its giver's approval, without a second factor."""
    return Vote(proposal_id="", voter=grant.granter, approve=True, reason="", at=grant.created_at)


@dataclass(frozen=True, kw_only=True)
class Granting:
    """Looks for grants."""

    desk: Desk

    async def covering(self, sealed: SealedCall) -> Grant | None:
        """A grant whose giver may, by today's groups and rules, approve exactly this alone."""
        if never(sealed) or sealed.supersedes is not None:
            return None
        async with self.desk.db.read() as tx:
            found = await grants.standing(tx, sealed.tenant)
        subject = subject_of(sealed)
        for grant in found:
            same = (grant.tool, grant.tool_version, grant.subject) == (sealed.tool, sealed.tool_version, subject)
            if not same or grant.requester != sealed.requester or sealed.risk > grant.most_risk:
                continue
            if not await self.desk.missing(sealed.tenant, sealed, sealed.policy_obligations(), [_vote_of(grant)]):
                return grant
        return None
