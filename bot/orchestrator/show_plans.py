"""From a plan and the views of its calls to the view of the whole."""

from collections.abc import Sequence
from dataclasses import replace

from bot.orchestrator.views import ApprovalView, CardState
from storage.records import Proposal, ProposalState

_RAN = frozenset({CardState.DONE, CardState.VERIFIED})
_TAKEN_BACK = frozenset({CardState.UNDONE, CardState.UNDOING})


def whole(view: ApprovalView, plan: Proposal, calls: Sequence[ApprovalView], undo_until: float) -> ApprovalView:
    """The view of a plan: its own votes and times, its calls with where each stands, and Undo for those that ran."""
    standing = [call for call in calls if call.state in _RAN]
    ended = plan.state in (ProposalState.RAN, ProposalState.FAILED)
    offered = ended and bool(standing) and plan.undone_by is None
    undo = "; then ".join(call.undo_says for call in reversed(standing or calls))
    return replace(
        view,
        state=_state(view.state, plan, calls),
        arguments=(),
        editable=False,
        calls=tuple(calls),
        undo_says=undo,
        undo_until=undo_until if offered else None,
        notices=tuple(dict.fromkeys([*view.notices, *(notice for call in calls for notice in call.notices)])),
    )


def _state(state: CardState, plan: Proposal, calls: Sequence[ApprovalView]) -> CardState:
    states = {call.state for call in calls}
    if CardState.UNKNOWN in states:
        return CardState.UNKNOWN
    if plan.state not in (ProposalState.RAN, ProposalState.FAILED):
        return state
    if states & _TAKEN_BACK and not states & _RAN:
        return CardState.UNDOING if CardState.UNDOING in states else CardState.UNDONE
    if plan.undone_by is not None:
        return CardState.UNDOING
    if plan.state is ProposalState.FAILED:
        return CardState.FAILED
    return CardState.VERIFIED if states == {CardState.VERIFIED} else CardState.DONE
