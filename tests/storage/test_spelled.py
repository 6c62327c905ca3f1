"""The words of partial indexes are those of the records: SQLite takes such an index for its very words only."""

import re

import pytest
import sqlalchemy as sa

from storage import tasks
from storage.records import ProposalState, TaskState
from storage.tables.approval import ASKING, STILL_OPEN
from storage.tables.work import MAY_BE_CLAIMED, UNDER_WAY


@pytest.mark.parametrize(
    ("condition", "states"),
    [
        (MAY_BE_CLAIMED, set(tasks.CLAIMABLE)),
        (UNDER_WAY, set(tasks.FINAL)),
        (STILL_OPEN, {ProposalState.OPEN}),
        (ASKING, {ProposalState.OPEN, ProposalState.IN_DOUBT}),
    ],
    ids=["may be claimed", "under way", "still open", "asking"],
)
def test_a_spelled_condition_names_the_states_it_is_for(
    condition: sa.ColumnElement[bool], states: set[TaskState | ProposalState]
) -> None:
    """Who adds a state meets this before a task is claimed by nobody."""
    assert set(re.findall(r"'(\w+)'", str(condition))) == {state.value for state in states}
