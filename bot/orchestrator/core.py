"""What edges may ask for: submit, vote, edit, undo, resolve, stop. Each is one transaction and answers in words."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from bot.agent.lineup import Lineup
from bot.factors.step_up import StepUps
from bot.orchestrator import (
    ballots,
    doubts,
    edits,
    freshness,
    halting,
    handovers,
    intake,
    judging,
    lowering,
    overhearing,
    regenerating,
    revising,
    stops,
    undos,
)
from bot.orchestrator.halting import HaltPress
from bot.orchestrator.lowering import RaisePress
from bot.orchestrator.misplaced import misplaced
from bot.orchestrator.refusals import cannot_ask, refuse
from bot.orchestrator.regenerating import Again
from bot.orchestrator.requests import Answer, Click, Edit, Request, Said, Verdict
from bot.orchestrator.stepping_up import Proven
from policy.people import CannotAsk, People
from storage import channels, proposals, tasks
from storage.db import Database
from storage.errors import NotFound
from storage.records import Task
from tools.gateway import Gateway


@dataclass(frozen=True, kw_only=True)
class Orchestrator:
    """The front desk. Everything it is told is a claim until checked against storage and policy."""

    db: Database
    gateway: Gateway
    people: People
    agents: Lineup
    halt_groups: tuple[str, ...] = ()
    """whose members may halt and lift, besides admins"""
    per_minute: int = 10
    """requests begun in a channel in a minute, where no admin set another number"""
    cards_channel: str = ""
    """where the cards of undos that wait are posted as well"""
    step_up: StepUps | None = None
    """how approvers prove a second factor; None where that is not set up"""

    async def submit(self, request: Request) -> Task | None:
        """Store a request durably, once; None when this delivery was here before."""
        return await intake.submit(self.db, self.agents, request, per_minute=self.per_minute)

    async def overhear(self, request: Request, text: str, *, by_bot: bool) -> Task | None:
        """Take a message that was not said to us as a request, when its channel's settings say so."""
        async with self.db.read() as tx:
            around = await channels.in_force(tx, request.tenant, request.channel)
        return await self.submit(request) if overhearing.answers(around, text, by_bot=by_bot) else None

    async def revise(
        self, *, tenant: str, channel: str, thread_ts: str, ts: str, who: str, text: str | None, key: str
    ) -> Task | None:
        """Take an edit of a message (or, without a text, its deletion) to the open task it asked for, if any."""
        at = {"tenant": tenant, "channel": channel, "thread_ts": thread_ts, "ts": ts, "key": key}
        if text is None:
            return await revising.deleted(self.db, **at)
        return await revising.edited(self.db, **at, who=who, text=text)

    async def approve(self, click: Click, proven: Proven | None = None) -> Answer:
        """Count an Approve; where it takes a second factor that was not proven, give a link to prove it instead."""
        voting = partial(
            ballots.vote, self.db, self.gateway, self.people, click, approve=True, means=self.step_up, proven=proven
        )
        with self.db.precedence.starting():
            return await self._known(click, voting, "vote_refused")

    async def reject(self, click: Click, reason: str) -> Answer:
        voting = partial(ballots.vote, self.db, self.gateway, self.people, click, approve=False, reason=reason)
        return await self._known(click, voting, "vote_refused")

    async def edit(self, edit: Edit) -> Answer:
        editing = partial(edits.edit, self.db, self.gateway, self.people, edit)
        return await self._known(edit.click, editing, "edit_refused")

    async def hand_to(self, click: Click, to: str) -> Answer:
        handing = partial(handovers.hand_to, self.db, self.gateway, self.people, click, to)
        return await self._known(click, handing, "hand_over_refused")

    async def hand_in_thread(self, click: Click, thread_ts: str, to: str) -> Answer:
        """Hand over what waits in a thread, or the card that this thread hangs on. The click names no proposal yet."""
        async with self.db.read() as tx:
            found = await proposals.waiting_in_thread(tx, click.tenant, click.channel, click.who, thread_ts)
        if found is None:
            return Answer(said=Said.STALE, message="nothing waits for approval in this thread")
        return await self.hand_to(replace(click, proposal_id=found), to)

    async def stale(self, click: Click) -> Answer | None:
        """How it stands, when nobody can say yes or no to it any more; None while people can."""
        return await freshness.stale(self.db, click)

    async def undo(self, click: Click) -> Answer:
        undoing = partial(undos.undo, self.db, self.gateway, self.people, click, cards_channel=self.cards_channel)
        return await self._known(click, undoing, "undo_refused")

    async def resolve(self, click: Click, verdict: Verdict) -> Answer:
        resolving = partial(doubts.resolve, self.db, self.gateway, self.people, click, verdict)
        return await self._known(click, resolving, "doubt_refused")

    async def misplaced(self, click: Click, event: str = "press_refused") -> Answer | None:
        """The refusal of a press on what is not the card itself; None where it is."""
        return await misplaced(self.db, click, event)

    async def _known(self, click: Click, work: Callable[[], Awaitable[Answer]], event: str) -> Answer:
        """What became of a press; when nobody can say who pressed, that, on the record like any refusal."""
        if (copy := await self.misplaced(click, event)) is not None:
            return copy
        try:
            return await work()
        except CannotAsk as error:
            answer = cannot_ask(str(error))
            try:
                async with self.db.read() as tx:
                    proposal = await proposals.get(tx, click.tenant, click.proposal_id)
            except NotFound:
                return answer
            return await refuse(self.db, click, proposal, answer, event)

    async def halt(self, press: HaltPress) -> Answer:
        return await halting.halt(self.db, self.gateway, self.people, press, self.halt_groups)

    async def raise_again(self, press: RaisePress) -> Answer:
        """Let a tool be used as the rules say again, after it was lowered."""
        return await lowering.raise_again(self.db, self.gateway, self.people, press, self.halt_groups)

    async def lift(self, press: HaltPress) -> Answer:
        return await halting.lift(self.db, self.gateway, self.people, press, self.halt_groups)

    async def stop(self, tenant: str, task_id: str, who: str) -> bool:
        """Ask a task to stop; False when there is nothing left to stop."""
        return await stops.stop(self.db, tenant, task_id, who)

    async def stop_proposed(self, click: Click) -> bool:
        """Stop the task of a pressed card; False when it has ended."""
        async with self.db.read() as tx:
            try:
                proposal = await proposals.get(tx, click.tenant, click.proposal_id)
            except NotFound:
                return False
        return await self.stop(click.tenant, proposal.task_id, click.who)

    async def regenerate(self, again: Again) -> Answer:
        """Ask the last answer of a thread again."""
        return await regenerating.regenerate(self.db, self.agents, again, per_minute=self.per_minute)

    async def judge(self, *, tenant: str, task_id: str, who: str, said: str, key: str) -> bool:
        """Keep what a person said of an answer; False when there is no such answer."""
        clean = self.gateway.clean
        return await judging.judge(self.db, clean, tenant=tenant, task_id=task_id, who=who, said=said, key=key)

    async def stop_thread(self, tenant: str, channel: str, thread_ts: str, who: str) -> bool:
        """Stop the newest task of a thread."""
        async with self.db.read() as tx:
            task = await tasks.newest_in_thread(tx, tenant, channel, thread_ts)
        return task is not None and await self.stop(tenant, task.id, who)
