"""Pure: the states of a task and the legal moves between them."""

from storage.records import TaskState as S

MOVES: dict[S, frozenset[S]] = {
    S.QUEUED: frozenset({S.RUNNING, S.CANCELLED}),
    S.RUNNING: frozenset(
        {
            S.NEEDS_APPROVAL,
            S.COMPLETED,
            S.FAILED_RETRYABLE,
            S.FAILED_TERMINAL,
            S.ESCALATED_TO_HUMAN,
            S.CANCELLED,
            S.QUEUED,
        }
    ),
    S.NEEDS_APPROVAL: frozenset({S.EXECUTING, S.QUEUED, S.CANCELLED}),
    S.EXECUTING: frozenset(
        {S.RUNNING, S.QUEUED, S.COMPLETED, S.NEEDS_APPROVAL, S.ESCALATED_TO_HUMAN, S.FAILED_TERMINAL}
    ),
    S.FAILED_RETRYABLE: frozenset({S.RUNNING, S.CANCELLED}),
    S.ESCALATED_TO_HUMAN: frozenset({S.QUEUED, S.EXECUTING, S.COMPLETED, S.NEEDS_APPROVAL}),
    S.COMPLETED: frozenset(),
    S.FAILED_TERMINAL: frozenset(),
    S.CANCELLED: frozenset(),
}
"""Escalated tasks can go on: a person says what happened. Ended ones never do; a new request is a new task."""


class IllegalMove(Exception):
    """The state machine has no such move; this is a bug, not a race."""

    def __init__(self, frm: S, to: S) -> None:
        super().__init__(f"no move from {frm.value!r} to {to.value!r}")


def check(frm: S, to: S) -> None:
    """Pass when the move is legal.

    Raises:
        IllegalMove: it is not.
    """
    if to not in MOVES[frm]:
        raise IllegalMove(frm, to)
