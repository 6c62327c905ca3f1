"""What one person sees of everything: what waits for them, what they asked for, what is open, what was done."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.lifecycle.consent import WAITS
from bot.orchestrator import granting
from bot.orchestrator.areas import Areas
from bot.orchestrator.seeing import Seeing, Viewer
from bot.orchestrator.show import Showroom
from bot.orchestrator.views import AgentLine, ApprovalView, HomeView, Paged, TaskLine
from storage import consents, halts, proposals, tasks
from storage.db import Database, Tx
from storage.homes import Look
from storage.records import Proposal, ProposalState, Task
from tools.errors import SealBroken
from tools.sealing import open_seal

PAGE = 5
_OPEN, _ENDED = 200, 60
"""how far back the lists go; what is older stands in the record"""
_DONE = (ProposalState.RAN, ProposalState.FAILED, ProposalState.REJECTED)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Front:
    """Builds Home. Reads only; who may approve is asked anew each time."""

    db: Database
    seeing: Seeing
    showroom: Showroom
    areas: Areas
    agents: tuple[AgentLine, ...]
    request_url: Callable[[Task], Awaitable[str]]
    """a task → where it was asked for, "" when that has no address"""

    async def home(self, tenant: str, person: str, look: Look | None = None) -> HomeView:
        """What this person sees, as they last chose to look at it."""
        look = look or Look()
        async with self.db.read() as tx:
            open_tasks = await tasks.recent(tx, tenant, limit=_OPEN, only_open=True)
            waiting = await proposals.open_ones(tx, tenant)
            ended = [p for p in await proposals.recent(tx, tenant, limit=_ENDED) if p.state in _DONE]
            halt = await halts.standing(tx, tenant)
            if look.area:
                waiting = await self._about(tx, waiting, look.area)
                ended = await self._about(tx, ended, look.area)
                open_tasks = [task for task in open_tasks if self.areas.of(task) == look.area]
        viewer = await self.seeing.viewer(tenant, person)
        mine, altered = self._for(viewer, waiting)
        ended = [one for one in ended if await viewer.sees_change(one)]
        page, waits = _page(mine, look.page("waiting"))
        requests, asked = _page([t for t in open_tasks if t.requester == person], look.page("requests"))
        others, open_ = _page(await self._of_others(viewer, open_tasks, mine), look.page("open"))
        done, recent = _page(ended, look.page("recent"))
        return HomeView(
            connected=True,
            agents=self.agents,
            area=look.area,
            waiting_for_me=await self._views(tenant, page),
            waiting=waits,
            my_requests=await self._lines(requests),
            requests=asked,
            open_tasks=await self._lines(others),
            open=open_,
            recent=await self._views(tenant, done),
            done=recent,
            grants=await granting.standing(self.db, viewer),
            altered=altered,
            halted=f"{halt}; nothing is changed until it is lifted" if halt is not None else "",
        )

    async def approvals(self, tenant: str, person: str) -> tuple[ApprovalView, ...]:
        """Everything that waits for this person's approval."""
        async with self.db.read() as tx:
            waiting = await proposals.open_ones(tx, tenant)
        mine, _altered = self._for(await self.seeing.viewer(tenant, person), waiting)
        return await self._views(tenant, mine)

    async def open_tasks(self, tenant: str, person: str, *, limit: int = 20) -> tuple[TaskLine, ...]:
        """The newest open tasks that this person may read, without links."""
        async with self.db.read() as tx:
            found = await tasks.recent(tx, tenant, limit=_OPEN, only_open=True)
            waiting = await proposals.open_ones(tx, tenant)
        viewer = await self.seeing.viewer(tenant, person)
        mine, _altered = self._for(viewer, waiting)
        others = {task.id for task in await self._of_others(viewer, found, mine)}
        seen = [task for task in found if task.requester == person or task.id in others]
        return tuple(
            TaskLine(title=t.title, state=_state(t), requester=t.requester, at=t.created_at) for t in seen[:limit]
        )

    async def _of_others(self, viewer: Viewer, found: Sequence[Task], mine: Sequence[Proposal]) -> list[Task]:
        """Tasks that others asked for, as far as this person may read them. `mine`: what they may approve."""
        decided = {one.task_id for one in mine}
        others = [task for task in found if task.requester != viewer.person]
        return [task for task in others if await viewer.sees(task, decides=task.id in decided)]

    async def _about(self, tx: Tx, found: Sequence[Proposal], area: str) -> list[Proposal]:
        return [one for one in found if self.areas.of(await tasks.get(tx, one.tenant, one.task_id)) == area]

    def _for(self, viewer: Viewer, waiting: Sequence[Proposal]) -> tuple[list[Proposal], int]:
        """(what this person may approve, how many could not be read)."""
        mine, altered = [], 0
        for proposal in waiting:
            try:
                open_seal(proposal)
            except SealBroken:  # the others must still be shown
                altered += 1
                continue
            if viewer.decides([proposal]):
                mine.append(proposal)
        return mine, altered

    async def _views(self, tenant: str, found: Sequence[Proposal]) -> tuple[ApprovalView, ...]:
        out = []
        for proposal in found:
            try:
                out.append(await self.showroom.approval(tenant, proposal.id))
            except SealBroken:  # its own card and the audit say so; the list of the others must not fail with it
                continue
        return tuple(out)

    async def _lines(self, found: Sequence[Task]) -> tuple[TaskLine, ...]:
        return tuple(
            [
                TaskLine(
                    title=task.title,
                    state=_state(task),
                    requester=task.requester,
                    at=task.created_at,
                    link=await self.request_url(task),
                )
                for task in found
            ]
        )


def _state(task: Task) -> str:
    return "needs_consent" if consents.waits(task, WAITS) else task.state


def _page(every: Sequence[T], number: int) -> tuple[Sequence[T], Paged]:
    """One page, the last one when there are fewer, and where it stands."""
    last = max(0, (len(every) - 1) // PAGE)
    number = min(max(0, number), last)
    return every[number * PAGE : (number + 1) * PAGE], Paged(page=number, size=PAGE, total=len(every))
