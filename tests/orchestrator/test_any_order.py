"""Whatever people, workers and clocks do, in whatever order: what the architecture promises still holds."""

import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from bot.lifecycle.hooks import Hooks
from bot.orchestrator import sweeps
from bot.orchestrator.requests import Verdict
from storage import audit, proposals, tasks
from storage.errors import LostRace
from storage.hashchain import check
from storage.records import Proposal, ProposalState, Task, TaskState
from storage.tables import proposals as proposal_rows
from storage.tables import tasks as task_rows
from tests.builders import TENANT
from tests.orchestrator.late import make_late
from tests.orchestrator.office import DONE, Office, a_change
from tests.tools.spy import broken_before, crashes, lost_answer, never_arrived
from tools.sealing import open_seal

PEOPLE = ("U0ANA", "U0DANA", "U0SAM", "U0NOOR", "U0RILEY", "U0GONE")
ENDED_BY = {
    ProposalState.APPROVED: "approved",
    ProposalState.REJECTED: "rejected",
    ProposalState.EXPIRED: "expired",
    ProposalState.CANCELLED: "withdrawn",
    ProposalState.RAN: "executed",
    ProposalState.REFUSED: "refused",
}
"""state → the audit event that must name the proposal"""


class Died(BaseException):
    """The worker's process ends here."""


@dataclass
class Chaos:
    """One random walk; every step is one thing that somebody does."""

    office: Office
    dice: random.Random
    trail: list[str] = field(default_factory=list)
    late: dict[str, str] = field(default_factory=dict)
    """new id → old id of proposals that were sealed anew to be late"""

    async def step(self) -> None:
        steps = [
            (4, self.ask),
            (8, self.work),
            (8, self.vote),
            (1, self.reject),
            (0.5, self.edit),
            (2, self.undo),
            (0.5, self.stop),
            (0.3, self.expire),
            (2, self.crash),
            (0.5, self.move_the_world),
            (0.5, self.move_people),
            (2, self.resolve),
        ]
        chosen = self.dice.choices([s for _, s in steps], [w for w, _ in steps])[0]
        self.trail.append(chosen.__name__)
        await chosen()

    def who(self) -> str:
        return self.dice.choice([*PEOPLE, "U0DANA", "U0SAM", "U0SAM"])

    async def any_proposal(self, *states: ProposalState) -> Proposal | None:
        async with self.office.db.read() as tx:
            found = await proposals.recent(tx, TENANT)
        found = [p for p in found if not states or p.state in states]
        if self.dice.random() < 0.8:  # a random walk would else seldom meet what still lives
            found = [p for p in found if p.state not in proposals.ENDED] or found
        return self.dice.choice(found) if found else None

    async def ask(self) -> None:
        self.office.script[:] = [[a_change(self.dice.randint(2, 9))], DONE, DONE, DONE, DONE, DONE]
        await self.office.ask(self.dice.choice(PEOPLE[:-1]), thread=f"{next(self.office.keys)}.0")

    async def work(self) -> None:
        if self.dice.random() < 0.3:
            self.office.lab.troubles = [self.dice.choice([broken_before, lost_answer, never_arrived, crashes])]
        await self.office.work()
        self.office.lab.troubles = []

    async def vote(self) -> None:
        if (chosen := await self.any_proposal()) is not None:
            await self.office.approve(self.who(), chosen)

    async def reject(self) -> None:
        if (chosen := await self.any_proposal()) is not None:
            await self.office.reject(self.who(), chosen)

    async def edit(self) -> None:
        if (chosen := await self.any_proposal()) is not None:
            await self.office.edit(self.who(), chosen, value=self.dice.randint(2, 9))

    async def undo(self) -> None:
        if (chosen := await self.any_proposal(ProposalState.RAN)) is not None:
            await self.office.undo(self.who(), chosen)

    async def resolve(self) -> None:
        if (chosen := await self.any_proposal(ProposalState.IN_DOUBT)) is not None:
            await self.office.resolve(self.who(), chosen, self.dice.choice(list(Verdict)))

    async def stop(self) -> None:
        if (chosen := await self.any_proposal()) is not None:
            await self.office.desk.stop(TENANT, chosen.task_id, self.who())

    async def expire(self) -> None:
        chosen = await self.any_proposal(ProposalState.OPEN)
        if chosen is not None:
            async with self.office.db.read() as tx:
                untouched = not await proposals.votes_on(tx, TENANT, chosen.id) and chosen.undoes is None
            if untouched:  # a row with votes cannot get another id
                self.late[(await make_late(self.office, chosen)).id] = chosen.id
        await sweeps.expire(self.office.db)

    async def crash(self) -> None:
        """A worker dies somewhere on its way, and its lease runs out."""
        task = await self.office.claim("dead", lease=-1.0)
        if task is None:
            return
        if self.dice.random() < 0.7:
            how = self.dice.choice(["before", "after"])

            async def die() -> None:
                if how == "after":  # the effect took place, nobody heard of it
                    self.office.lab.effects.append(("lab.set", "checkout", -1, "dead"))
                raise Died

            self.office.lab.at_run = die
            with contextlib.suppress(Died):
                await self.office.worker("dead")._work(Hooks(task, 60.0))
            self.office.lab.at_run = None
        await sweeps.take_back(self.office.db)

    async def move_the_world(self) -> None:
        self.office.lab.state["checkout"] = self.dice.randint(0, 9)

    async def move_people(self) -> None:
        groups = self.office.staff.groups
        groups["U0DANA"] = set() if groups["U0DANA"] else {"operators"}

    # --- what must hold ------------------------------------------------------------------------------------

    async def look(self) -> None:
        async with self.office.db.read() as tx:
            found = await proposals.recent(tx, TENANT, limit=1000)
            all_tasks = [await tasks.get(tx, TENANT, row.id) for row in await tx.run(sa.select(task_rows.c.id))]
            chain = await audit.entries(tx, TENANT, limit=10_000)
            known = {row.id for row in await tx.run(sa.select(proposal_rows.c.id))}
        assert check(chain) == [], "the chain verifies"
        said = Counter[tuple[str, str]]()
        for entry in chain:
            body = json.loads(entry.body)
            named = body.get("proposal") or str(body.get("intent", "")).removeprefix("proposal:")
            said[entry.event.removeprefix("ops.agent_task."), str(named)] += 1
        for proposal in found:
            self._look_at(proposal, said)
        effects = Counter(key for *_, key in self.office.lab.effects if key != "dead")
        assert not effects or max(effects.values()) == 1, "at most one effect of an intent"
        for task in all_tasks:
            self._not_stuck(task, {p.id: p for p in found}, known)

    def _look_at(self, proposal: Proposal, said: Counter[tuple[str, str]]) -> None:
        started = said["call_started", proposal.id]
        assert started <= 1, "begun at most once"
        if started:
            assert said["approved", proposal.id] == 1, "nothing begins unapproved"
        event = ENDED_BY.get(proposal.state)
        told_by_a_person = said["doubt_resolved", proposal.id]
        if event is not None and not (proposal.state is ProposalState.RAN and told_by_a_person):
            assert said[event, proposal.id] >= 1, f"{proposal.state} without its audit entry"
        if proposal.state is ProposalState.RAN:
            assert started == 1
        name = self.late.get(proposal.id, proposal.id)
        assert said["proposed_action", name] == 1, "proposed once, and on the record"
        open_seal(proposal)

    def _not_stuck(self, task: Task, found: dict[str, Proposal], known: set[str]) -> None:
        if task.state in tasks.FINAL:
            return
        if task.state is TaskState.NEEDS_APPROVAL:
            waits = found.get(task.proposal_id or "")
            assert task.proposal_id in known and waits is not None, "waits for nothing"
            assert waits.state is ProposalState.OPEN, f"waits for what is {waits.state}"
            return
        claimable = task.state in tasks.CLAIMABLE and task.owner is None
        assert claimable or task.owner is not None, f"{task.state} and nobody can take it"


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_events_keeps_the_promises(office: Office, seed: int) -> None:
    """Sixty random steps each; at the end every worker has died and everything still comes to rest."""
    chaos = Chaos(office, random.Random(seed))  # noqa: S311  a reproducible walk, no secret
    try:
        for _ in range(60):
            await chaos.step()
            await chaos.look()
        await sweeps.take_back(office.db, only_expired=False)
        for _ in range(60):
            if not await office.work():
                break
        await chaos.look()
    except (AssertionError, LostRace) as broken:
        raise AssertionError(f"after {' '.join(chaos.trail)}: {broken}") from broken


async def test_what_every_walk_can_reach_is_reached(office: Office) -> None:
    """The walks are only worth something when they get far: all the states that matter occur in one long walk."""
    chaos = Chaos(office, random.Random(99))  # noqa: S311  as above
    seen: set[ProposalState] = set()
    most = set(ProposalState) - {ProposalState.REFUSED}  # a walk needs luck for a group to change at that very moment
    for _ in range(600):
        await chaos.step()
        async with office.db.read() as tx:
            seen |= {p.state for p in await proposals.recent(tx, TENANT, limit=1000)}
        if seen >= most:
            break
    assert seen >= most, most - seen
