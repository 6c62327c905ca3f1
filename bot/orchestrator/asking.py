"""Whom a waiting proposal still waits for, by today's groups and rules; and asking one of them directly."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy.approval import tally
from policy.people import People
from policy.types import Actor, Allow, CastVote
from storage import posts
from storage.db import Tx
from storage.records import PostKind, Proposal, Task, Vote
from tools.gateway import Gateway
from tools.sealing import SealedCall

MOST_PEOPLE = 30
"""of one group are asked; a larger group is a mailing list, not somebody"""


@dataclass(frozen=True, kw_only=True)
class WaitedFor:
    """What is missing, and who could give it."""

    missing: Mapping[str, int]
    """group → approvals still needed"""
    able: Mapping[str, tuple[str, ...]]
    """group that is asked → its people whose approval would still help"""

    @property
    def in_words(self) -> str:
        return " and ".join(f"{count} of @{group}" for group, count in self.missing.items())


async def waited_for(gateway: Gateway, people: People, sealed: SealedCall, votes: list[Vote]) -> WaitedFor:
    """Who could still approve this call, asked anew."""
    tenant = sealed.tenant
    voted = {vote.voter for vote in votes}
    cast = []
    for vote in votes:
        actor = await people.actor(tenant, vote.voter)
        if actor is not None and vote.approve:
            cast.append(CastVote(voter=actor, approve=True, stepped_up=bool(vote.stepped_up)))
    judge = gateway.judge_of(sealed)
    owed = sealed.policy_obligations()
    states = tally(owed, cast, requester=sealed.requester, tenant=tenant, judge=judge)
    missing: dict[str, int] = {}
    for state in states:
        if state.missing:
            group = state.obligation.group
            missing[group] = missing.get(group, 0) + state.missing

    def helps(actor: Actor) -> bool:
        """Whether one more approval, by this person, would leave less to be missing, wherever they would be seated."""
        with_them = [*cast, CastVote(voter=actor, approve=True, stepped_up=True)]
        then = tally(owed, with_them, requester=sealed.requester, tenant=tenant, judge=judge)
        return sum(one.missing for one in then) < sum(one.missing for one in states)

    able: dict[str, tuple[str, ...]] = {}
    for group in dict.fromkeys(one.group for one in owed):
        members = sorted(await people.members(tenant, group) - voted)[:MOST_PEOPLE]
        actors = [actor for user in members if (actor := await people.actor(tenant, user)) is not None]
        able[group] = tuple(actor.id for actor in actors if not actor.is_bot and helps(actor))
    return WaitedFor(missing=missing, able=able)


def may_approve(gateway: Gateway, sealed: SealedCall, actor: Actor) -> bool:
    """Whether this person's approval counts for anything this call owes."""
    judge = gateway.judge_of(sealed)
    answers = (
        judge.may_vote(
            actor, requester=sealed.requester, group=o.group, tenant=sealed.tenant, allow_requester=o.allow_requester
        )
        for o in sealed.policy_obligations()
    )
    return any(isinstance(answer, Allow) for answer in answers)


async def ask_directly(tx: Tx, task: Task, proposal: Proposal, user: str, why: str) -> bool:
    """Ask that this person get the card in a direct message, with the reason above it; False: they have it already."""
    for post in await posts.showing(tx, task.tenant, proposal.id):
        if post.kind is PostKind.CARD and post.channel == user:
            return False
    await posts.want(
        tx,
        tenant=task.tenant,
        kind=PostKind.CARD,
        subject=proposal.id,
        channel=user,
        task_id=task.id,
        body={"asked": why},
    )
    return True


async def say_directly(tx: Tx, task: Task, subject: str, user: str, text: str, *, about: str) -> None:
    """Ask that one sentence about a proposal be sent to one person, once under this subject."""
    body = {"text": text, "kind": "info", "about": about, "correlation_id": task.correlation_id}
    await posts.want(
        tx, tenant=task.tenant, kind=PostKind.NOTICE, subject=subject, channel=user, task_id=task.id, body={**body}
    )
