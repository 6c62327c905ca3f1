"""What a waiting card says of the people it asks: that nobody of them can be found, and whose schedule asked."""

from collections.abc import Sequence

from bot.orchestrator.views import Need
from policy.people import CannotAsk, People
from storage.records import Source, Task, Vote
from tools.sealing import SealedCall

AGAIN = "A press asks again"


async def who_is_left(
    people: People, sealed: SealedCall, needs: Sequence[Need], votes: Sequence[Vote]
) -> tuple[str, ...]:
    """A sentence for each group that has too few people left to approve this, or cannot be asked.

    It tells of the last look, because nothing tells us when somebody's time on call begins.
    """
    said = []
    voted = {vote.voter for vote in votes}
    for owed, need in zip(sealed.policy_obligations(), needs, strict=True):
        missing = need.count - need.have
        if missing <= 0:
            continue
        try:
            members = await people.members(sealed.tenant, owed.group)
        except CannotAsk as silent:
            said.append(f"At the last look {silent}. {AGAIN}")
            continue
        left = len(members - voted - {*sealed.editors} - ({sealed.requester} if not owed.allow_requester else set()))
        if left < missing:
            who = "nobody" if not left else "only 1 person" if left == 1 else f"only {left} people"
            said.append(f"At the last look there was {who} in @{owed.group} who could still approve this. {AGAIN}")
    return tuple(dict.fromkeys(said))


def of_schedule(task: Task, sealed: SealedCall) -> str:
    """Why the owner of a schedule cannot approve what it asks for, and who can; "" for what no schedule asked."""
    others = _others(task, sealed)
    return (
        f"A schedule of <@{sealed.requester}> asks for this, which counts as their asking: {others}" if others else ""
    )


def of_own_schedule(task: Task, sealed: SealedCall) -> str:
    """The same to the owner, who pressed."""
    others = _others(task, sealed)
    return f"a schedule of yours asks for this, which counts as your asking: {others}" if others else ""


def _others(task: Task, sealed: SealedCall) -> str:
    if task.source is not Source.SCHEDULE or all(owed.allow_requester for owed in sealed.obligations):
        return ""
    groups = " and ".join(dict.fromkeys(f"@{owed.group}" for owed in sealed.obligations))
    return f"somebody else of {groups} must approve it"
