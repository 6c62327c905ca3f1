"""Reminders and escalations of proposals that wait: each said once across replicas, never after the end.

Who may approve is decided by policy at the vote; this only asks.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.lifecycle.moves import note, tell
from bot.orchestrator.asking import MOST_PEOPLE, WaitedFor, ask_directly, may_approve, say_directly, waited_for
from policy.people import People
from policy.waiting import THREAD, Plan
from storage import proposals, reminders, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LOST_DATABASE, LostRace, NotFound
from storage.records import JsonObject, Proposal, ProposalState, Reminder, Task, TaskState
from tools.errors import SealBroken
from tools.gateway import Gateway
from tools.proposing import plan_of
from tools.sealing import SealedCall, open_seal

POLL = 1.0
AGAIN = 60.0
"""seconds until somebody is asked again whose groups could not be looked up"""
_NAMED = 5
"""people a sentence in a thread mentions"""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One proposal with everybody a sentence could name, looked up outside the transaction."""

    sealed: SealedCall
    plan: Plan
    waited: WaitedFor
    next_groups: Mapping[str, tuple[tuple[str, bool], ...]]
    """group → (person, whether they may approve)"""


@dataclass(frozen=True, kw_only=True)
class Reminding:
    """Asks people again. Any number of replicas may run one."""

    db: Database
    gateway: Gateway
    people: People

    async def run(self) -> None:
        """Remind until cancelled."""
        while True:
            try:
                await self.once()
            except LOST_DATABASE as error:
                log.warning("the reminders could not be read; trying again", extra={"why": type(error).__name__})
            await asyncio.sleep(POLL)

    async def once(self) -> int:
        """Say what is due now; of how many proposals."""
        async with self.db.read() as tx:
            found = await reminders.due(tx)
        for tenant, proposal_id in found:
            try:
                await self._look_at(tenant, proposal_id)
            except LostRace:
                continue
            except LOST_DATABASE:
                raise
            except Exception:  # Slack's or an on-call service's answer; the others must not wait for it
                log.warning("people of a proposal could not be asked; later again", exc_info=True)
                await transact(self.db, lambda tx, t=tenant, p=proposal_id: _put_off(tx, t, p))  # type: ignore[misc]
        return len(found)

    async def _look_at(self, tenant: str, proposal_id: str) -> None:
        async with self.db.read() as tx:
            try:
                proposal = await proposals.get(tx, tenant, proposal_id)
                sealed = open_seal(proposal)
            except (NotFound, SealBroken):  # its card and the audit say so; nobody is asked to approve it
                sealed = None
            votes = await proposals.votes_on(tx, tenant, proposal_id)
            rows = await reminders.due_of(tx, tenant, proposal_id)
        if sealed is None or proposal.state is not ProposalState.OPEN:
            async with self.db.write() as tx:
                await reminders.end(tx, tenant, proposal_id)
            return
        case = _Case(
            sealed=sealed,
            plan=plan_of(self.gateway.rules.waiting, sealed),
            waited=await waited_for(self.gateway, self.people, sealed, votes),
            next_groups={row.to_group: await self._group(sealed, row.to_group) for row in rows if row.to_group},
        )
        await transact(self.db, lambda tx: self._ask(tx, proposal, case))

    async def _group(self, sealed: SealedCall, group: str) -> tuple[tuple[str, bool], ...]:
        members = sorted(await self.people.members(sealed.tenant, group))[:MOST_PEOPLE]
        actors = [actor for user in members if (actor := await self.people.actor(sealed.tenant, user)) is not None]
        found = [(one.id, may_approve(self.gateway, sealed, one)) for one in actors if not one.is_bot]
        return tuple((user, may) for user, may in found if may or user != sealed.requester)

    async def _ask(self, tx: Tx, seen: Proposal, case: _Case) -> None:
        task = await tasks.lock(tx, seen.tenant, seen.task_id)
        proposal = await proposals.get(tx, seen.tenant, seen.id)
        now = await tx.time()
        waits = task.state is TaskState.NEEDS_APPROVAL and task.proposal_id == proposal.id
        if proposal.state is not ProposalState.OPEN or not waits or now >= proposal.expires_at:
            await reminders.end(tx, seen.tenant, seen.id)
            return
        voted = {vote.voter for vote in await proposals.votes_on(tx, seen.tenant, seen.id)}
        told: set[str] = set()
        by_audience: dict[str, list[Reminder]] = {}
        for row in await reminders.due_of(tx, seen.tenant, seen.id):
            at = self._speak_at(case.plan, now, row.audience, task.channel)
            if at > now:
                await reminders.put_off(tx, row, at)
            elif await reminders.done(tx, row):
                by_audience.setdefault(row.audience, []).append(row)
        for audience, rows in by_audience.items():
            # What quiet hours or an outage held back is said once: the newest, and an escalation before a reminder.
            row = max(rows, key=lambda one: (one.kind == "escalate", one.step))
            if audience == THREAD:
                names = await self._say(tx, task, proposal, case, row, now)
            else:
                names = await self._tell_group(tx, task, proposal, case, row, now, skip=voted | told)
                told.update(names)
            body: JsonObject = {
                "proposal": proposal.id,
                "step": row.step,
                "audience": audience.lstrip("#"),
                "to": row.to_group,
                "people": [*names],
            }
            await note(tx, task, "asked_next" if row.kind == "escalate" else "reminded", body)

    async def _say(
        self, tx: Tx, task: Task, proposal: Proposal, case: _Case, row: Reminder, now: float
    ) -> Sequence[str]:
        """The sentence in the thread; whom it names."""
        groups = (row.to_group,) if row.to_group else tuple(case.waited.able)
        names: list[str] = []
        for group in groups:
            if self._speak_at(case.plan, now, group, "") <= now:
                known = [user for user, _ in case.next_groups.get(group, ())] or case.waited.able.get(group, ())
                names += [user for user in known if user not in names]
        named = ", ".join(f"<@{user}>" for user in names[:_NAMED])
        left = f"{span(proposal.expires_at - now)} left"
        if row.to_group:
            waited = span(now - proposal.created_at)
            text = (
                f"Nobody has decided for {waited}, so @{row.to_group} is asked now{': ' if named else ''}{named}. "
                f"It still needs {case.waited.in_words} · {left}."
            )
        else:
            text = (
                f"Still waiting for {case.waited.in_words}{': ' if named else ''}{named}. {left} · the card is above."
            )
        await tell(tx, task, f"reminder:{proposal.id}:{row.step}", text[:1].upper() + text[1:])
        return names[:_NAMED]

    async def _tell_group(
        self, tx: Tx, task: Task, proposal: Proposal, case: _Case, row: Reminder, now: float, *, skip: set[str]
    ) -> Sequence[str]:
        """The card to each person of a group, or a sentence to those who have it; who they are."""
        if row.kind == "escalate":
            people = case.next_groups.get(row.to_group, ())
        else:
            people = tuple((user, True) for user in case.waited.able.get(row.audience, ()))
        asked = [(user, may) for user, may in people if user not in skip]
        left = span(proposal.expires_at - now)
        for user, may in asked:
            if await ask_directly(tx, task, proposal, user, _why(row, case, may=may)):
                continue
            text = f"Still waiting for {case.waited.in_words}: {case.sealed.says}. {left} left."
            await say_directly(tx, task, f"reminder:{proposal.id}:{row.step}", user, text, about=proposal.id)
        return [user for user, _ in asked]

    def _speak_at(self, plan: Plan, now: float, audience: str, channel: str) -> float:
        table = self.gateway.rules.waiting
        if audience == THREAD:
            return table.speak_at(plan, now, channel=channel)
        return table.speak_at(plan, now, group=audience)


def _why(row: Reminder, case: _Case, *, may: bool) -> str:
    if row.kind != "escalate":
        return f"You are asked because you are in @{row.audience}"
    if may:
        return f"Nobody has decided, so @{row.to_group} is asked; you may approve this"
    return (
        f"Nobody has decided, so @{row.to_group} is asked; find one of those it needs, you cannot approve it yourself"
    )


async def _put_off(tx: Tx, tenant: str, proposal_id: str) -> None:
    later = await tx.time() + AGAIN
    for row in await reminders.due_of(tx, tenant, proposal_id):
        await reminders.put_off(tx, row, later)


def span(seconds: float) -> str:
    """A length of time in words: "under a minute", "25 min", "3 h 5 min", "2 days"."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    return f"{minutes // 1440} days"
