"""Standing grants: who may give one on which card, who may take it back, and the record of both."""

from dataclasses import dataclass

from bot.orchestrator.requests import Answer, Said
from bot.orchestrator.seeing import Viewer
from bot.orchestrator.views import GrantLine
from policy.approval import tally
from policy.people import People, unasked
from policy.types import Actor, CastVote
from storage import audit, grants, inbox, posts, proposals
from storage.db import Database, Tx
from storage.errors import NotFound
from storage.grants import Grant
from storage.records import JsonObject, Proposal
from tools.altered import how_broken
from tools.errors import SealBroken
from tools.gateway import Gateway
from tools.granting import never, subject_of
from tools.sealing import SealedCall, open_seal, seal_if_whole


@dataclass(frozen=True, kw_only=True)
class Giving:
    """Somebody gives a grant on a card, named by the start of its proposal's id."""

    tenant: str
    who: str
    proposal: str
    times: int
    minutes: int
    key: str = ""
    """one for each press, however often it arrives; "" where whoever asks has seen to that"""


async def give(db: Database, gateway: Gateway, people: People, giving: Giving) -> Answer:
    """Let exactly this card's call run again by itself, for its requester, so often and so long."""
    giver = await people.actor(giving.tenant, giving.who)
    async with db.read() as tx:
        try:
            proposal = await proposals.find_short(tx, giving.tenant, giving.proposal)
        except NotFound:
            return Answer(
                said=Said.STALE, message="there is no such proposal here; copy the id at the foot of its card"
            )
    try:
        sealed = open_seal(proposal)
    except SealBroken:
        async with db.read() as tx:
            why = await how_broken(tx, proposal)
        return await _refused(db, giving, why)
    why = _why_not(gateway, giver, sealed, giving)
    if why:
        return await _refused(db, giving, why)
    async with db.write() as tx:
        if giving.key and not await inbox.first_time(tx, giving.tenant, f"grant:{giving.key}", "click"):
            return Answer(said=Said.DONE, message="granted already; it stands once")
        grant = await grants.give(
            tx,
            seconds=giving.minutes * 60.0,
            tenant=giving.tenant,
            granter=giving.who,
            requester=sealed.requester,
            tool=sealed.tool,
            tool_version=sealed.tool_version,
            subject=subject_of(sealed),
            says=gateway.clean(sealed.says),
            most_risk=sealed.risk,
            groups=sorted({o.group for o in sealed.obligations}),
            most=giving.times,
            proposal_id=proposal.id,
        )
        body: JsonObject = {"grant": grant.id, "who": giving.who, "proposal": proposal.id, "times": grant.most}
        await audit.append(tx, giving.tenant, "ops.grant.given", body={**body, "minutes": giving.minutes})
        await posts.refresh(tx, giving.tenant, proposal.card_id)
    said = f"granted: {grant.says}, {grant.most} times in {giving.minutes} min, for <@{grant.requester}>"
    return Answer(said=Said.DONE, message=f"{said}; to take it back: revoke {grant.id}")


async def standing(db: Database, viewer: Viewer) -> tuple[GrantLine, ...]:
    """Every grant that stands and that this person may read, with what is left of it, the oldest first."""
    async with db.read() as tx:
        every = await grants.standing(tx, viewer.tenant)
        cards = {one.id: await _card(tx, one) for one in every}
    found = [one for one in every if await _sees(viewer, one, cards[one.id])]
    return tuple(
        GrantLine(
            id=one.id,
            says=one.says,
            granter=one.granter,
            requester=one.requester,
            left=one.most - one.used,
            most=one.most,
            until=one.expires_at,
        )
        for one in found
    )


async def _card(tx: Tx, grant: Grant) -> Proposal | None:
    try:
        return await proposals.get(tx, grant.tenant, grant.proposal_id)
    except NotFound:
        return None


async def _sees(viewer: Viewer, grant: Grant, card: Proposal | None) -> bool:
    """Who may take it back, and who reads the card it was given on."""
    if viewer.actor is not None and _may_revoke(viewer.actor, grant):
        return True
    return card is not None and seal_if_whole(card) is not None and await viewer.sees_change(card)


def _why_not(gateway: Gateway, giver: Actor | None, sealed: SealedCall, giving: Giving) -> str:
    most = gateway.rules.waiting.grants
    if not most.any:
        return "standing grants are not given here"
    if not (1 <= giving.times <= most.times and 1 <= giving.minutes <= most.minutes):
        return f"at most {most.times} times and {most.minutes} minutes; for more, change the rules"
    if giver is None:
        return "you are not an active member of this workspace"
    if why := never(sealed):
        return why
    owed = sealed.policy_obligations()
    if why := unasked(giver, {o.group for o in owed}) or "":
        return why
    states = tally(
        owed,
        [CastVote(voter=giver, approve=True)],
        requester=sealed.requester,
        tenant=giving.tenant,
        judge=gateway.judge_of(sealed),
    )
    missing = " and ".join(state.in_words for state in states if state.missing)
    return f"you alone could not approve it (it would still need {missing}), so you cannot grant it" if missing else ""


async def revoke(db: Database, people: People, tenant: str, who: str, grant_id: str) -> Answer:
    """Take a grant back: its giver, whom it serves, anyone of a group that was asked, or a lead."""
    person = await people.actor(tenant, who)
    async with db.write() as tx:
        grant = await grants.find(tx, tenant, grant_id)
        if grant is None:
            return Answer(said=Said.STALE, message=f"there is no grant {grant_id!r} here")
        if person is None or not _may_revoke(person, grant):
            groups = ", ".join(f"@{group}" for group in grant.groups)
            await audit.append(tx, tenant, "ops.grant.revoke_refused", body={"grant": grant.id, "who": who})
            return Answer(said=Said.REFUSED, message=f"only somebody of {groups}, its giver or its requester may")
        if not await grants.revoke(tx, tenant, grant.id, who):
            return Answer(said=Said.STALE, message="it has already ended")
        await audit.append(tx, tenant, "ops.grant.revoked", body={"grant": grant.id, "who": who})
    return Answer(said=Said.DONE, message="revoked")


def _may_revoke(person: Actor, grant: Grant) -> bool:
    if person.is_bot or person.tenant != grant.tenant:
        return False
    leads = {group for group in person.groups if group.endswith("leads")}
    return person.id in (grant.granter, grant.requester) or bool(person.groups & set(grant.groups)) or bool(leads)


async def _refused(db: Database, giving: Giving, why: str) -> Answer:
    async with db.write() as tx:
        body: JsonObject = {"who": giving.who, "proposal": giving.proposal[:64], "why": why}
        await audit.append(tx, giving.tenant, "ops.grant.refused", body=body)
    return Answer(said=Said.REFUSED, message=why, rules=("builtin:grant",))
