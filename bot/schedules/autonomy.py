"""Pure: records of a week -> how much the bot did alone, what people decided, and how that went day by day."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.orchestrator.views import DigestView
from bot.schedules.digests import APPROVED
from bot.schedules.windows import day_of, days
from storage.records import Intent, Proposal, ProposalState
from tools.sealing import seal_if_whole


@dataclass(frozen=True, kw_only=True)
class Series:
    """One kind of ending, counted for each day."""

    name: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, kw_only=True)
class AutonomyView:
    """One weekly digest."""

    digest: DigestView
    """what both digests tell, of this week"""
    edited: int
    """proposals that somebody changed before they were decided"""
    tz: str
    days: tuple[dt.date, ...]
    series: tuple[Series, ...]

    @property
    def empty(self) -> bool:
        return not any(one.total for one in self.series)


def autonomy(view: DigestView, *, proposals: Sequence[Proposal], intents: Sequence[Intent], tz: str) -> AutonomyView:
    """The week of `view` (its `since` and `until`), by the days of the zone."""
    shown = days(view.since, view.until, tz)
    asked = [p for p in proposals if p.undoes is None]
    alone = [i for i in intents if i.tier != "read" and not i.dry_run and not i.approved_by]

    def series(name: str, times: Iterable[float | None]) -> Series:
        found = Counter(day_of(at, tz) for at in times if at is not None and view.since <= at < view.until)
        return Series(name=name, counts=tuple(found[day] for day in shown))

    def ended(*states: ProposalState, at: Callable[[Proposal], float | None]) -> list[float | None]:
        return [at(p) for p in asked if p.state in states]

    return AutonomyView(
        digest=view,
        edited=sum(bool((whole := seal_if_whole(p)) and whole.editors) for p in asked if p.created_at >= view.since),
        tz=tz,
        days=shown,
        series=(
            series("approved", ended(*APPROVED, at=lambda p: p.decided_at)),
            series("rejected", ended(ProposalState.REJECTED, at=lambda p: p.decided_at)),
            series("unanswered", ended(ProposalState.EXPIRED, at=lambda p: p.finished_at)),
            series("ran alone", [i.started_at for i in alone]),
            series(
                "undone",
                [p.finished_at for p in proposals if p.undoes is not None and p.state is ProposalState.RAN],
            ),
        ),
    )
