"""Who is asked about a call, who has answered and how: asked anew each time a card is drawn."""

from collections.abc import Sequence

from bot.orchestrator.views import Need, VoteLine
from policy.approval import tally
from policy.people import People, unasked
from policy.types import CastVote, OpenObligation, StepUp
from storage.records import Vote
from tools.gateway import Gateway
from tools.sealing import SealedCall

NONE_HERE = "No second factor is asked for: none is set up here"
DEAD_END = "Nobody can approve this: it takes a second factor, and none is set up here. 'autopilot doctor' says how"


async def needs_of(
    gateway: Gateway, people: People, sealed: SealedCall, votes: Sequence[Vote]
) -> tuple[tuple[Need, ...], tuple[str, ...]]:
    """(who is asked and has answered, what could not be found out about them)."""
    cast = []
    for vote in votes:
        actor = await people.actor(sealed.tenant, vote.voter)
        if actor is not None and vote.approve:
            cast.append(CastVote(voter=actor, approve=True, stepped_up=bool(vote.stepped_up)))
    states = tally(
        sealed.policy_obligations(),
        cast,
        requester=sealed.requester,
        tenant=sealed.tenant,
        judge=gateway.judge_of(sealed),
    )
    short = {state.obligation.group for state in states if state.missing}
    silent = dict.fromkeys(unasked(vote.voter, short) for vote in cast)
    return tuple(map(_need, states)), tuple(one for one in silent if one)


def lines(votes: Sequence[Vote]) -> tuple[VoteLine, ...]:
    """The votes in words."""
    return tuple(
        VoteLine(voter=v.voter, approve=v.approve, at=v.at, reason=v.reason, stepped_up=v.stepped_up) for v in votes
    )


def about_factors(gateway: Gateway, sealed: SealedCall) -> tuple[str, ...]:
    """What people must know of a second factor that the rules speak of and that there is no way to prove."""
    asked = {owed.step_up for owed in sealed.obligations}
    if StepUp.REQUIRED in asked and not gateway.rules.engine.second_factor:
        return (DEAD_END,)
    return (NONE_HERE,) if StepUp.NOT_SET_UP in asked else ()


def _need(state: OpenObligation) -> Need:
    owed = state.obligation
    return Need(count=owed.count, group=owed.group, have=state.have, step_up=owed.step_up is StepUp.REQUIRED)
