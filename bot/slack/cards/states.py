"""Each state of a card as a mark and a few words; never by colour alone."""

from typing import assert_never

from bot.orchestrator.views import ApprovalView, CardState
from bot.slack.cards import escaping
from bot.slack.cards.wording import duration, shortened, when

ASKING = frozenset({CardState.PROPOSED, CardState.PARTLY_APPROVED, CardState.CHANGED})
"""a person can still say yes or no"""
UNDOABLE = frozenset({CardState.VERIFIED, CardState.DONE, CardState.FAILED})
FINISHED = frozenset(CardState) - ASKING - {CardState.HALTED, CardState.RUNNING, CardState.UNDOING, CardState.UNKNOWN}
"""nobody has to decide anything any more"""
UNTOUCHED = frozenset(
    {CardState.SUPERSEDED, CardState.REFUSED, CardState.REJECTED, CardState.EXPIRED, CardState.CANCELLED}
)
"""it ended and nothing ran, so there is nothing to take back"""
_NAME = 80


def status(view: ApprovalView, *, prose: int) -> str:
    """Where the proposal stands, who and when, as one line of mrkdwn."""
    line = f"{mark(view.state)} {_words(view, prose)}"
    return f"{line} · dry run: nothing will be changed" if view.dry_run else line


def headline(view: ApprovalView) -> str:
    """The state in a word or two, for lists and the text of notifications."""
    match view.state:
        case CardState.PROPOSED:
            return "waiting for approval"
        case CardState.PARTLY_APPROVED:
            return "partly approved"
        case CardState.CHANGED:
            return "changed since proposed, asks again"
        case CardState.SUPERSEDED:
            return "replaced by an edit"
        case CardState.VERIFIED:
            return "done and verified"
        case CardState.DONE:
            return "done, not verified yet"
        case CardState.REFUSED:
            return "refused before it ran"
        case CardState.HALTED:
            return "approved, halted"
        case CardState.UNKNOWN:
            return "not known whether it happened"
        case CardState.EXPIRED:
            return f"expired, {_silence(view)}"
        case _:
            return view.state.value


def _words(view: ApprovalView, prose: int) -> str:  # noqa: PLR0912  one case a state
    match view.state:
        case CardState.PROPOSED:
            return "*Waiting for approval*"
        case CardState.PARTLY_APPROVED:
            have = sum(min(need.have, need.count) for need in view.needs)
            return f"*{have} of {sum(need.count for need in view.needs)} approvals*"
        case CardState.CHANGED:
            return "*Changed since it was proposed*: look at what moved, then approve again or reject"
        case CardState.SUPERSEDED:
            return f"*Replaced by an edited proposal*{_replacement(view.superseded_by)}; votes did not carry over"
        case CardState.HALTED:
            return f"*Approved, but {shortened(view.halted, prose, escaping.ours)}*; it runs or expires after the lift"
        case CardState.RUNNING:
            return f"*Running*{_since(view.decided_at)}"
        case CardState.VERIFIED:
            return f"*Done and verified*{_finished(view)}"
        case CardState.DONE:
            return f"*Done, not verified yet*{_finished(view)}"
        case CardState.FAILED:
            return f"*Failed*{_finished(view)}"
        case CardState.REFUSED:
            return f"*Refused before it ran*: nothing happened{_at(view.finished_at or view.decided_at)}"
        case CardState.UNKNOWN:
            return "*Not known whether it happened*: look at the target, then say which"
        case CardState.REJECTED:
            return f"*Rejected*{_rejection(view, prose)}"
        case CardState.EXPIRED:
            return f"*Expired*: {_silence(view)} by {when(view.expires_at)}"
        case CardState.CANCELLED:
            return f"*Cancelled*: nothing happened{_at(view.finished_at or view.decided_at)}"
        case CardState.UNDOING:
            return f"*Undoing*{_by(view.undone_by)}"
        case CardState.UNDONE:
            return f"*Undone*{_by(view.undone_by)}"
        case _:
            assert_never(view.state)


def mark(state: CardState) -> str:
    """The sign of a state; always beside its words."""
    match state:
        case CardState.PROPOSED:
            return "○"
        case CardState.PARTLY_APPROVED:
            return "◐"
        case CardState.CHANGED:
            return "△"
        case CardState.HALTED:
            return "‖"
        case CardState.RUNNING | CardState.UNDOING:
            return "◌"
        case CardState.VERIFIED:
            return "✓"
        case CardState.DONE:
            return "●"
        case CardState.FAILED | CardState.REFUSED | CardState.REJECTED:
            return "✗"
        case CardState.UNKNOWN:
            return "?"
        case CardState.SUPERSEDED | CardState.EXPIRED | CardState.CANCELLED:
            return "–"
        case CardState.UNDONE:
            return "↺"
        case _:
            assert_never(state)


def _finished(view: ApprovalView) -> str:
    if view.finished_at is None:
        return ""
    took = "" if view.decided_at is None else f", took {duration(view.finished_at - view.decided_at)}"
    return f" {when(view.finished_at)}{took}"


def _rejection(view: ApprovalView, prose: int) -> str:
    no = next((vote for vote in view.votes if not vote.approve), None)
    if no is None:
        return _at(view.decided_at)
    why = f": {shortened(no.reason, prose)}" if no.reason else ""
    return f"{_by(no.voter)} {when(no.at)}{why}"


def _replacement(by: str) -> str:
    if url := escaping.link(by, "open it"):
        return f" ({url})"
    return f" ({escaping.code(escaping.reveal(by[:12]))})" if by else ""


def _silence(view: ApprovalView) -> str:
    return "too few people answered" if view.votes else "nobody answered"


def _since(at: float | None) -> str:
    return "" if at is None else f" since {when(at)}"


def _at(at: float | None) -> str:
    return "" if at is None else f" · {when(at)}"


def _by(name: str) -> str:
    return f" by {shortened(name, _NAME, escaping.person)}" if name else ""
