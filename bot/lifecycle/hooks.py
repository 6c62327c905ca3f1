"""What a worker adds to the gateway's transactions: the transcript, the proposal's state, the task's move."""

import time
from collections.abc import Callable

from bot.lifecycle import days, plans
from bot.lifecycle.moves import move, note, show_card, show_card_in, show_picture, tell
from bot.lifecycle.series import asked_to_look, series_of
from storage import grants, posts, proposals, steps, tasks
from storage.db import Tx
from storage.errors import LostRace
from storage.records import JsonObject, Proposal, ProposalState, Source, StepKind, Task, TaskState
from tools.errors import Stopped
from tools.outcomes import (
    AskAgain,
    Denied,
    Execution,
    Failed,
    Halted,
    InDoubt,
    Outcome,
    Previewed,
    Ran,
    Refused,
    Waiting,
)


class Hooks:
    """The worker's hold on one task while it works on it."""

    def __init__(self, task: Task, lease: float, approvals_channel: str = "", *, every_card: bool = False) -> None:
        self.task = task
        self.every_card = every_card
        """those of other tasks go there as well"""
        self.approvals_channel = approvals_channel
        """where approvers see the cards of tasks that were asked for in private"""
        self.stopping = False
        self._until = time.monotonic() + lease

    def extend(self, lease: float, *, since: float) -> None:
        """A heartbeat that was sent at `since` (monotonic) reached the database: the lease counts from then."""
        self._until = since + lease

    def lose(self) -> None:
        self._until = 0.0

    def check_lease(self) -> None:
        if time.monotonic() >= self._until:
            raise LostRace("lease of task", self.task.id)

    async def running(self, tx: Tx) -> None:
        await tasks.touch(tx, self.task, calls=self.task.calls + 1)
        # Who stops a task takes its row as well: either they were before this, or the change is under way.
        if (await tasks.get(tx, self.task.tenant, self.task.id)).stop_requested:
            raise Stopped


class CallHooks:
    """For one call a brain asked for: its result becomes a step; a sealed one parks the task."""

    def __init__(self, hooks: Hooks, call_id: str, tool: str) -> None:
        self._hooks = hooks
        self._call_id, self._tool = call_id, tool

    def check_lease(self) -> None:
        self._hooks.check_lease()

    async def running(self, tx: Tx) -> None:
        await self._hooks.running(tx)

    async def parked(self, tx: Tx, proposal: Proposal) -> None:
        task = self._hooks.task
        self._hooks.task = await move(tx, task, TaskState.NEEDS_APPROVAL, proposal_id=proposal.id, attempt=0)
        await _supersede_earlier(tx, task, proposal)
        if proposal.state is ProposalState.APPROVED:  # a standing grant did, in this very transaction
            by: JsonObject = {"proposal": proposal.id, "grant": proposal.grant_id}
            await note(tx, self._hooks.task, "approved", by)
            self._hooks.task = await move(tx, self._hooks.task, TaskState.EXECUTING)
        await show_card(tx, task, proposal.id)
        if proposal.state is ProposalState.OPEN:
            await days.point_out(tx, task, proposal.id)
        if task.source is Source.DM or self._hooks.every_card:  # in a DM nobody but the requester could press
            await show_card_in(tx, task, proposal.id, self._hooks.approvals_channel)

    async def settled(self, tx: Tx, outcome: Outcome | Execution) -> None:
        task = self._hooks.task
        await tasks.touch(tx, task)  # a worker that slept past its lease adds nothing to what is another's now
        if isinstance(outcome, InDoubt):
            self._hooks.task = await move(tx, task, TaskState.ESCALATED_TO_HUMAN, why=outcome.message)
            await tell(
                tx,
                task,
                f"doubt:{task.id}:{self._call_id}",
                f"A call of {self._tool} is in doubt: {outcome.message}. Look at the target, then ask me again.",
                kind="error",
            )
        status, content, extra = in_transcript(outcome)
        body: JsonObject = {"call_id": self._call_id, "tool": self._tool, "status": status, "content": content, **extra}
        await steps.append(tx, task, task.turns, [(StepKind.RESULT, body)])
        if isinstance(outcome, Ran):
            await note(tx, task, "evidence_attached", {"evidence": outcome.evidence, "tool": self._tool})
            if asked_to_look(task.text) and series_of(outcome.result) is not None:
                await show_picture(tx, task, self._call_id)


class ExecutionHooks:
    """For one approved proposal: its state follows the execution, in the same transaction."""

    def __init__(self, hooks: Hooks, proposal: Proposal, begun: Callable[[], None] = lambda: None) -> None:
        self._hooks = hooks
        self._proposal = proposal
        self._begun = begun
        """called when the intent is written: what comes now takes as long as its service does"""

    def check_lease(self) -> None:
        self._hooks.check_lease()

    async def running(self, tx: Tx) -> None:
        await self._hooks.running(tx)  # first: it may say that nothing begins, and then this proposal has not moved
        self._proposal = await proposals.move(tx, self._proposal, ProposalState.RUNNING)
        await self._say_whose_grant(tx)
        await show_card_if_shown(tx, self._hooks.task, self._proposal.card_id)
        self._begun()

    async def _say_whose_grant(self, tx: Tx) -> None:
        proposal = self._proposal
        if proposal.grant_id is None:
            return
        grant = await grants.find(tx, proposal.tenant, proposal.grant_id)
        if grant is not None:
            left = f"{grant.most - grant.used} of {grant.most} left"
            said = f"Runs under <@{grant.granter}>'s grant, {left}. Undo is on its card."
            await tell(tx, self._hooks.task, f"grant:{proposal.id}", said)

    async def parked(self, tx: Tx, proposal: Proposal) -> None:
        raise AssertionError("executing never parks a new call")

    async def settled(self, tx: Tx, outcome: Outcome | Execution) -> None:
        task, proposal = self._hooks.task, self._proposal
        match outcome:
            case Ran():
                if proposal.state is not ProposalState.RAN:
                    await self._to(tx, ProposalState.RAN, outcome.finding)
            case Failed(message=message):
                if proposal.state is not ProposalState.FAILED:
                    await self._to(tx, ProposalState.FAILED, message)
            case Refused(message=message):
                await self._to(tx, ProposalState.REFUSED, message)
            case InDoubt(message=message):
                if proposal.state is not ProposalState.IN_DOUBT:
                    await self._to(tx, ProposalState.IN_DOUBT, message)
                self._hooks.task = await move(tx, task, TaskState.ESCALATED_TO_HUMAN, why=message)
                await plans.close(tx, task, self._proposal, message)
            case AskAgain(proposal_id=new_id, message=message):
                await self._to(tx, ProposalState.SUPERSEDED, message, superseded_by=new_id)
                await posts.readdress(tx, task.tenant, proposal.id, new_id)
                self._hooks.task = await move(
                    tx, task, TaskState.NEEDS_APPROVAL, why=message, proposal_id=new_id, attempt=0
                )
                await show_card(tx, task, new_id)
            case Waiting() | Denied() | Previewed() | Halted():
                raise AssertionError(f"executing cannot come to {type(outcome).__name__}")
        if proposal.undoes is not None:
            done = await proposals.get(tx, task.tenant, proposal.undoes)
            await posts.refresh(tx, task.tenant, done.card_id)
        await show_card_if_shown(tx, task, proposal.card_id)

    async def _to(self, tx: Tx, state: ProposalState, outcome: str, **columns: str) -> None:
        self._proposal = await proposals.move(tx, self._proposal, state, outcome=outcome, **columns)


async def show_card_if_shown(tx: Tx, task: Task, proposal_id: str) -> None:
    """Bring a card up to date where it is; an undo that needed no votes never had one."""
    await posts.refresh(tx, task.tenant, proposal_id)


async def _supersede_earlier(tx: Tx, task: Task, proposal: Proposal) -> None:
    """Link the proposals of this call that were superseded by an edit to the one that replaces them."""
    every = await proposals.of_task(tx, task.tenant, task.id)
    anew = {one.call_id for one in every if one.card_id == proposal.id}
    cards = {one.card_id for one in every if one.state is ProposalState.SUPERSEDED and one.call_id in anew}
    for earlier in every:
        replaced = earlier.state is ProposalState.SUPERSEDED and earlier.superseded_by is None
        if replaced and (earlier.call_id in anew or earlier.id in cards) and earlier.id != proposal.id:
            await proposals.mark(tx, task.tenant, earlier.id, superseded_by=proposal.id)
            await posts.refresh(tx, task.tenant, earlier.card_id)


def in_transcript(outcome: Outcome | Execution) -> tuple[str, JsonObject, JsonObject]:
    """(status, content, extra fields) of the step that records an outcome."""
    match outcome:
        case Ran(result=result, finding=finding, evidence=evidence, verified=verified):
            content: JsonObject = dict(result)
            if verified is not None:
                content["verified"] = {"held": verified.held.value, "says": verified.says}
            return "ran", content, {"finding": finding, "evidence": evidence}
        case Denied(because=because, message=message) | Refused(because=because, message=message):
            return "denied", {"message": message, "rules": list(because)}, {}
        case Failed(message=message, reason=reason):
            return "failed", {"message": message, "reason": reason}, {}
        case InDoubt(message=message):
            return "in_doubt", {"message": message}, {}
        case Previewed(says=says, would=would, changes=changes, counted=counted, grade=grade):
            preview: JsonObject = {
                "message": f"dry run ({grade.words}), nothing changed: {says}; it would {would}",
                "would": would,
                "says": says,
                "grade": grade.value,
                "changes": [{"label": c.label, "before": c.before, "after": c.after} for c in changes],
                "counted": [{"count": c.count, "unit": c.unit, "of": c.of} for c in counted],
            }
            return "previewed", preview, {}
        case Waiting() | AskAgain() | Halted():
            raise AssertionError("a waiting call has no result")
