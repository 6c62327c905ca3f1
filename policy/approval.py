"""Count votes against obligations: every person is one approval, wherever they are members."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from policy.types import Actor, Allow, CastVote, Deny, Obligation, OpenObligation, StepUp


class Judge(Protocol):
    """Says whether one person's vote counts; the PolicyEngine is one."""

    def may_vote(
        self, voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool
    ) -> Allow | Deny: ...


def tally(
    obligations: Sequence[Obligation],
    votes: Sequence[CastVote],
    *,
    requester: str | None,
    tenant: str,
    judge: Judge,
) -> tuple[OpenObligation, ...]:
    """Each obligation with who counts for it. All are met when none has anything missing.

    One person counts once in all, for the obligation where they help most. Where a second factor is required, an
    approval without one counts for nothing. A rejection by anyone whose vote counts leaves nothing met.
    """
    if rejected_by(obligations, votes, requester=requester, tenant=tenant, judge=judge) is not None:
        return tuple(OpenObligation(obligation=one, have=0, voters=()) for one in obligations)
    people = {vote.voter.id: vote for vote in votes if vote.approve}
    useful = {
        person: tuple(
            place
            # Whom many places of are owed first: two leads stand for "2 of leads", and one more of anybody is missing.
            for place, one in sorted(enumerate(obligations), key=lambda each: -each[1].count)
            if (vote.stepped_up or one.step_up is not StepUp.REQUIRED)
            and _counts(vote.voter, one, requester=requester, tenant=tenant, judge=judge)
        )
        for person, vote in people.items()
    }
    seated = _assign(useful, [one.count for one in obligations])
    return tuple(
        OpenObligation(obligation=one, have=len(seated[place]), voters=tuple(seated[place]))
        for place, one in enumerate(obligations)
    )


def must_step_up(
    obligations: Sequence[Obligation], voter: Actor, *, requester: str | None, tenant: str, judge: Judge
) -> bool:
    """Whether this person's approval would count for something that takes a second factor."""
    return any(
        one.step_up is StepUp.REQUIRED and _counts(voter, one, requester=requester, tenant=tenant, judge=judge)
        for one in obligations
    )


def rejected_by(
    obligations: Sequence[Obligation],
    votes: Sequence[CastVote],
    *,
    requester: str | None,
    tenant: str,
    judge: Judge,
) -> str | None:
    """The first person whose rejection counts, or None. A requester may always withdraw their own request."""
    for vote in votes:
        if vote.approve:
            continue
        if vote.voter.id == requester and vote.voter.tenant == tenant and not vote.voter.is_bot:
            return vote.voter.id
        if any(_counts(vote.voter, one, requester=requester, tenant=tenant, judge=judge) for one in obligations):
            return vote.voter.id
    return None


def _counts(voter: Actor, one: Obligation, *, requester: str | None, tenant: str, judge: Judge) -> bool:
    answer = judge.may_vote(
        voter, requester=requester, group=one.group, tenant=tenant, allow_requester=one.allow_requester
    )
    return isinstance(answer, Allow)


def _assign(useful: Mapping[str, Sequence[int]], counts: Sequence[int]) -> list[list[str]]:
    """People on obligations, as many as can be: a maximum matching by augmenting paths.

    Greedy seating would waste people: somebody of both groups could take the seat that only another can fill.
    """
    seated: list[list[str]] = [[] for _ in counts]

    def seat(person: str, tried: set[int]) -> bool:
        for place in useful[person]:
            if place in tried:
                continue
            tried.add(place)
            if len(seated[place]) < counts[place]:
                seated[place].append(person)
                return True
            for index, sitting in enumerate(seated[place]):
                if seat(sitting, tried):
                    seated[place][index] = person
                    return True
        return False

    for person in useful:
        seat(person, set())
    return seated
