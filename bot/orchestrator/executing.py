"""Running what people approved: one call, or those of a plan in turn, each written down before the next begins."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.lifecycle import plans
from bot.lifecycle.hooks import ExecutionHooks, Hooks, in_transcript
from bot.lifecycle.moves import move, note, tell
from bot.orchestrator import probes
from bot.orchestrator.approved import ended_before
from storage import posts, proposals, steps, tasks
from storage.db import Database, Tx
from storage.records import JsonObject, Proposal, Source, StepKind, Task, TaskState
from tools.contract import Held, Verified
from tools.gateway import Gateway
from tools.outcomes import AskAgain, Execution, Failed, Halted, InDoubt, Ran, Refused
from tools.requests import Scope

LOOK_AGAIN = 1.0
"""seconds between two looks whether a change has taken"""


@dataclass(frozen=True, kw_only=True)
class Executing:
    """The part of a worker that takes an executing task to its next state."""

    db: Database
    gateway: Gateway
    scope_of: Callable[[str], Scope | None]
    """what an agent, by its name, may use today; None when it is not installed any more"""
    room: Callable[[], bool]
    """whether the brain may go on with the result here and now; without room the task queues again"""

    async def run(self, hooks: Hooks) -> bool:
        """Run what people approved, a plan call by call; True when the brain goes on with the result here."""
        while True:
            goes_on = await self._execute_one(hooks)
            if goes_on is not None:
                return goes_on

    async def _execute_one(self, hooks: Hooks) -> bool | None:
        """Run the call whose turn it is; None when another of its plan is next."""
        task = hooks.task
        assert task.proposal_id is not None
        with contextlib.ExitStack() as first:
            first.enter_context(self.db.precedence.starting())
            async with self.db.read() as tx:
                proposal = await proposals.get(tx, task.tenant, task.proposal_id)
            then = ExecutionHooks(hooks, proposal, begun=first.close)
            outcome = ended_before(proposal) or await self.gateway.execute(
                task, proposal, then, self.scope_of(task.agent)
            )
        if isinstance(outcome, InDoubt | AskAgain):
            return False
        if isinstance(outcome, Halted):
            await self._put_back(task, proposal, outcome)
            return False
        verified: Verified | None = None
        if isinstance(outcome, Ran):
            verified = outcome.verified or await self.gateway.watch(task, proposal)
            if verified is None:  # the change needs a while to show: nobody holds a slot for that
                async with self.db.write() as tx:
                    await tasks.move(tx, task, TaskState.EXECUTING, delay=LOOK_AGAIN, reason="being checked", attempt=0)
                return False
            await probes.failed_check(self.db, self.gateway, task, proposal, verified)
        if await self._record(hooks, proposal, outcome, verified):
            return None
        return hooks.task.state is TaskState.RUNNING

    async def _put_back(self, task: Task, proposal: Proposal, halted: Halted) -> None:
        """Nobody claims it while the halt stands; the lift rings."""
        async with self.db.write() as tx:
            await tasks.move(tx, task, TaskState.EXECUTING, reason=halted.message, attempt=task.attempt - 1)
            await posts.refresh(tx, task.tenant, proposal.card_id)

    async def _record(self, hooks: Hooks, proposal: Proposal, outcome: Execution, verified: Verified | None) -> bool:
        """Write down what came of one call, and whose turn it is now; True when that is another call of its plan."""
        if isinstance(outcome, Ran):
            outcome = replace(outcome, verified=verified)
        status, content, extra = in_transcript(outcome)
        body: JsonObject = {
            "call_id": proposal.call_id,
            "tool": proposal.tool,
            "status": status,
            "content": content,
            **extra,
        }
        async with self.db.write() as tx:
            if verified is not None:
                columns = {"verified": verified.held.value}
                if verified.says:
                    columns["outcome"] = verified.says
                await proposals.mark(tx, proposal.tenant, proposal.id, **columns)
                await note(
                    tx,
                    hooks.task,
                    "verified",
                    {"proposal": proposal.id, "held": verified.held.value, "says": verified.says},
                )
            await posts.refresh(tx, proposal.tenant, proposal.card_id)
            if hooks.task.source is not Source.UNDO:
                await steps.append(tx, hooks.task, hooks.task.turns, [(StepKind.RESULT, body)])
            why = await self._why_no_more(tx, hooks.task, outcome)
            following = None if why else await plans.next_after(tx, proposal)
            if following is not None:
                hooks.task = await tasks.move(tx, hooks.task, TaskState.EXECUTING, keep=True, proposal_id=following.id)
                return True
            if hooks.task.source is Source.UNDO:
                await self._end_undo(hooks, proposal, outcome, verified, why, tx)
            elif self.room():
                hooks.task = await move(tx, hooks.task, TaskState.RUNNING, keep=True, proposal_id=None)
            else:
                hooks.task = await move(tx, hooks.task, TaskState.QUEUED, proposal_id=None, attempt=0)
            await plans.close(tx, hooks.task, proposal, why)
            return False

    async def _why_no_more(self, tx: Tx, task: Task, outcome: Execution) -> str:
        """Why nothing after this call may run, or ""."""
        if (await tasks.get(tx, task.tenant, task.id)).stop_requested:
            return "stopped by a person"
        match outcome:
            case Ran(verified=Verified(held=Held.NO, says=says)):
                return f"its check says that it did not take ({says})"
            case Failed(message=message) | Refused(message=message):
                return message
            case _:
                return ""

    async def _end_undo(
        self, hooks: Hooks, proposal: Proposal, outcome: Execution, verified: Verified | None, why: str, tx: Tx
    ) -> None:
        task = hooks.task
        assert proposal.undoes is not None
        match outcome:
            case Ran():
                seen = ""
                if verified is not None and verified.held is not Held.UNKNOWN:
                    seen = f" {verified.says}" if verified.held is Held.YES else f" But the check says: {verified.says}"
                said = f"Undone by <@{task.requester}>.{seen}"
                if why and proposal.plan_id is not None:
                    said = f"The undo stopped before its end: {why}. The card shows what is undone."
                await tell(tx, task, f"undone:{proposal.id}", said)
                hooks.task = await move(tx, task, TaskState.COMPLETED)
            case Failed(message=message) | Refused(message=message):
                await proposals.mark(tx, task.tenant, proposal.undoes, undone_by=None)
                await tell(tx, task, f"undo-failed:{proposal.id}", f"The undo did not run: {message}.", kind="error")
                hooks.task = await move(tx, task, TaskState.FAILED_TERMINAL, why=message)
            case _:
                raise AssertionError("handled before")
        done = await proposals.get(tx, task.tenant, proposal.undoes)
        await posts.refresh(tx, task.tenant, done.card_id)
