"""The ledger as it stood before each of its calls: what replaying a decision needs to know."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain

from policy.budgets import DAY, Spending
from policy.types import Tier
from storage.intents import as_change
from storage.records import Intent, IntentState
from tools.judging import HOUR, spent

_CHANGED = (IntentState.STARTED, IntentState.RAN, IntentState.IN_DOUBT)


class Ledger:
    """Ledger lines in order of time, found by tool, by task and by time without going through all of them."""

    def __init__(self, lines: Iterable[Intent]) -> None:
        self.lines = sorted(lines, key=lambda one: one.started_at)
        self._of_tool: defaultdict[str, list[Intent]] = defaultdict(list)
        self._in_task: defaultdict[str, list[Spending]] = defaultdict(list)
        self._changes: list[Spending] = []
        for one in self.lines:
            self._of_tool[one.tool].append(one)
            if one.tier != Tier.READ and not one.dry_run and one.state in _CHANGED:
                self._changes.append(change := spent(as_change(one)))
                self._in_task[one.task_id].append(change)

    def history(self, tool: str, at: float) -> tuple[int, int, bool]:
        """(calls of the tool in the hour before, this one counted, failures among them, whether it ever ran)."""
        lines = self._of_tool[tool]
        now = bisect_left(lines, at, key=lambda one: one.started_at)
        hour = lines[bisect_left(lines, at - HOUR, key=lambda one: one.started_at) : now]
        return len(hour) + 1, sum(one.state is IntentState.FAILED for one in hour), now > 0

    def changes(self, task: str, at: float) -> tuple[Spending, ...]:
        """What was changed in the day before, and before it in its task."""
        begin, now = (bisect_left(self._changes, moment, key=lambda one: one.at) for moment in (at - DAY, at))
        long_ago = (one for one in self._in_task[task] if one.at < at - DAY)
        return tuple(chain(long_ago, self._changes[begin:now]))
