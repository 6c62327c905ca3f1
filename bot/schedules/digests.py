"""Pure: records of a time window -> what a digest says."""

import statistics
from collections.abc import Collection, Mapping, Sequence

from bot.orchestrator.views import CardState, DigestItem, DigestView
from storage.records import Intent, IntentState, Proposal, ProposalState, Task, TaskState
from tools.sealing import seal_if_whole

_CARD = {
    ProposalState.OPEN: CardState.PROPOSED,
    ProposalState.APPROVED: CardState.RUNNING,
    ProposalState.RUNNING: CardState.RUNNING,
    ProposalState.RAN: CardState.DONE,
    ProposalState.FAILED: CardState.FAILED,
    ProposalState.REFUSED: CardState.REFUSED,
    ProposalState.IN_DOUBT: CardState.UNKNOWN,
    ProposalState.REJECTED: CardState.REJECTED,
    ProposalState.EXPIRED: CardState.EXPIRED,
    ProposalState.SUPERSEDED: CardState.SUPERSEDED,
    ProposalState.CANCELLED: CardState.CANCELLED,
}
APPROVED = (
    ProposalState.RAN,
    ProposalState.FAILED,
    ProposalState.APPROVED,
    ProposalState.RUNNING,
    ProposalState.IN_DOUBT,
    ProposalState.REFUSED,
)
"""people agreed, whatever came of it"""
_OPEN = (ProposalState.OPEN, ProposalState.IN_DOUBT)
_DONE = (ProposalState.RAN, ProposalState.FAILED, ProposalState.REFUSED, ProposalState.REJECTED, ProposalState.EXPIRED)
_FAILED = (TaskState.FAILED_TERMINAL, TaskState.ESCALATED_TO_HUMAN)


def digest(
    *,
    title: str,
    since: float,
    until: float,
    tasks: Sequence[Task],
    proposals: Sequence[Proposal],
    open_now: Sequence[Proposal],
    intents: Sequence[Intent],
    approvers: Mapping[str, Sequence[str]],
    readable: Collection[str],
    shown: Collection[str] = (),
) -> DigestView:
    """The digest of one window (seconds since the epoch). `approvers`: proposal id → who voted for it.

    `readable`: channels that all who read the digest may read, `shown`: cards that stand where it does. What was asked
    for elsewhere is counted, not named.
    """

    def within(at: float | None) -> bool:
        return at is not None and since <= at < until

    done = [p for p in proposals if p.state in _DONE]
    waiting = [p for p in open_now if p.state in _OPEN]
    named = {
        p.id
        for p in (*done, *waiting)
        if p.card_id in shown or (sealed := seal_if_whole(p)) is None or sealed.channel in readable
    }
    changes = [p for p in proposals if p.undoes is None]
    # what an edit replaced is the same question, asked anew
    asked = [p for p in changes if within(p.created_at) and p.state is not ProposalState.SUPERSEDED]
    # Counted when it was decided, as the chart does: what waited over the border of two digests is in the second.
    approved = [p for p in changes if p.state in APPROVED and within(p.decided_at)]
    rejected = [p for p in changes if p.state is ProposalState.REJECTED and within(p.decided_at)]
    waits = [p.decided_at - p.created_at for p in (*approved, *rejected) if p.decided_at is not None]
    writes = [i for i in intents if i.tier != "read" and not i.dry_run and within(i.started_at)]
    undone = [p for p in proposals if p.undoes is not None and p.state is ProposalState.RAN]
    return DigestView(
        title=title,
        since=since,
        until=until,
        tasks_started=len(tasks),
        tasks_completed=sum(t.state is TaskState.COMPLETED for t in tasks),
        tasks_failed=sum(t.state in _FAILED for t in tasks),
        proposed=len(asked),
        approved=len(approved),
        rejected=len(rejected),
        expired=sum(p.state is ProposalState.EXPIRED and within(p.finished_at) for p in changes),
        auto_run=sum(not i.approved_by for i in writes),
        undone=sum(within(p.finished_at) for p in undone),
        median_decision_seconds=statistics.median(waits) if waits else None,
        actions=tuple(_item(p, approvers) for p in done if p.id in named),
        open_items=tuple(_item(p, approvers) for p in waiting if p.id in named),
        waiting=len(waiting),
        unnamed=len({p.id for p in (*done, *waiting)} - named),
        failing_tools=_failing(intents),
    )


def channels_of(proposals: Sequence[Proposal]) -> set[str]:
    """Where these were asked for."""
    return {sealed.channel for p in proposals if (sealed := seal_if_whole(p)) is not None}


def _item(proposal: Proposal, approvers: Mapping[str, Sequence[str]]) -> DigestItem:
    sealed = seal_if_whole(proposal)
    undone = proposal.state is ProposalState.RAN and proposal.undone_by is not None
    state = CardState.UNDONE if undone else _CARD[proposal.state]
    if state is CardState.DONE and proposal.verified == "yes":
        state = CardState.VERIFIED
    who = ", ".join(approvers.get(proposal.id, ())) or (sealed.requester if sealed else "")
    says = sealed.says if sealed else f"A call of {proposal.tool} whose stored bytes were changed"
    return DigestItem(says=says, state=state, who=who, at=proposal.finished_at or proposal.created_at)


def _failing(intents: Sequence[Intent]) -> tuple[tuple[str, int, int], ...]:
    counts: dict[str, tuple[int, int]] = {}
    for intent in intents:
        failed, of = counts.get(intent.tool, (0, 0))
        counts[intent.tool] = (failed + (intent.state is IntentState.FAILED), of + 1)
    return tuple(sorted((tool, failed, of) for tool, (failed, of) in counts.items() if failed))
