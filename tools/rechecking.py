"""What people approved, right before it runs: the seal, the time, the people, the rules and the target once more."""

import logging
from dataclasses import dataclass, replace

from policy.types import Deny, NeedsApproval, Obligation
from storage import halts, intents, proposals
from storage.db import Tx
from storage.records import Intent, JsonObject, Proposal, ProposalState, Task, Vote
from tools.admitting import Admitted, BadArguments, validate
from tools.altered import how_broken, named, what_moved
from tools.contract import Tool, ToolFailed
from tools.desk import Circumstances, Desk
from tools.errors import Expired, GrantEnded, SealBroken, SealForeign, Stopped, UnknownTool
from tools.judging import Judgement
from tools.limits import AGAIN, not_of_agent, overtaken, unknown_requester
from tools.outcomes import AskAgain, Execution, Failed, Halted, Overtaken, Refused
from tools.planning import turn_of
from tools.proposing import Proposing, lifetime, plan_of
from tools.recording import Book, with_impact
from tools.requests import Scope, Then
from tools.running import Line
from tools.sealing import (
    SealedCall,
    SealedRow,
    counts_moved,
    drifted,
    fingerprint,
    moved_rows,
    open_seal,
    read_otherwise,
)
from tools.tracing import trust_of

log = logging.getLogger(__name__)

EXPIRED = ("builtin:expired", "it expired before it could run; nothing ran")


@dataclass(frozen=True, kw_only=True)
class Approved:
    """A proposal whose seal is whole, opened."""

    task: Task
    proposal: Proposal
    sealed: SealedCall
    tool: Tool
    call: Admitted
    votes: list[Vote]
    """who approved, and how"""


@dataclass(frozen=True, kw_only=True)
class Rechecking:
    """Runs exactly the sealed bytes, once, or says why not."""

    desk: Desk
    book: Book
    proposing: Proposing

    async def execute(self, task: Task, claimed: Proposal, then: Then, scope: Scope | None) -> Execution:
        """Run one approved proposal; what an earlier life began is only brought to its end.

        `scope`: what the task's agent may use today; None when it is not installed any more.

        Raises:
            SealForeign: another version must run it; until it expires there may be a replica that can.
            CannotAsk: nobody can say now whether its approvers still may.
        """
        key = f"proposal:{claimed.id}"
        async with self.desk.db.read() as tx:
            proposal = await proposals.get(tx, task.tenant, claimed.id)
            started = await intents.find(tx, task.tenant, key)
            votes = await proposals.votes_on(tx, task.tenant, proposal.card_id)
            plan = await proposals.get(tx, task.tenant, proposal.plan_id) if proposal.plan_id else None
            not_its_turn = await self._not_its_turn(tx, proposal, plan)
            now = await tx.time()
            halt = await halts.standing(tx, task.tenant)
        if halt is not None and started is None:
            return Halted(message=str(halt))
        try:
            approved = self._open(task, proposal, [vote for vote in votes if vote.approve])
        except SealBroken as error:
            if isinstance(error, SealForeign) and now < proposal.expires_at:
                raise
            return await self._altered(task, proposal, started, then)
        except (UnknownTool, BadArguments) as error:
            why = self.desk.cleaner.text(str(error))
            if started is not None:
                return await self.book.leave(task, started, f"this version cannot go on with it ({why})", then)
            log.error("refusing to run a proposal", extra={"proposal": proposal.id, "why": why})
            return await self._refuse(task, "builtin:validate", f"{why}; nothing ran", then)
        approvers = [vote.voter for vote in approved.votes]
        line = self.book.line_of_proposal(key, task, approved.sealed, approved.tool, approved.call, approvers)
        if started is not None:
            other = read_otherwise(approved.sealed, approved.call.arguments, approved.call.target)
            ended = await self.desk.runner.run(replace(line, otherwise=bool(other)), then)
            assert not isinstance(ended, Overtaken), "what has begun is not decided again"
            return ended
        if proposal.state is not ProposalState.APPROVED:
            return await self._refuse(task, "builtin:state", f"it is {proposal.state.value}; nothing ran", then)
        if not_its_turn:
            return await self._refuse(task, "builtin:plan", f"{not_its_turn}; it did not run", then)
        if now >= approved.sealed.expires_at:
            return await self._refuse(task, *EXPIRED, then)
        # An undo is a person's own press: an agent that lost the tool must not keep people from taking it back.
        if approved.sealed.kind == "call" and (lost := not_of_agent(task, scope, approved.sealed.tool)) is not None:
            return await self._refuse(task, lost.because[0], f"{lost.message}; nothing ran", then)
        for _ in range(AGAIN):
            outcome = await self._recheck(approved, line, then)
            if not isinstance(outcome, Overtaken):
                return outcome
        busy = overtaken()
        return await self.book.settle(task, Refused(because=busy.because, message=busy.message), then)

    async def _not_its_turn(self, tx: Tx, proposal: Proposal, plan: Proposal | None) -> str:
        """Why a call of a plan may not run now; "" when it may, or belongs to none."""
        if plan is None:
            return ""
        if plan.state is not ProposalState.APPROVED:
            return f"its plan is {plan.state.value}"
        # Nothing of an altered plan runs, also not the calls before the altered one: people decided on all of it.
        if moved := await what_moved(tx, plan):
            return f"its plan was changed after it was sealed (moved: {named(moved)})"
        return await turn_of(tx, proposal, open_seal(plan))

    def _open(self, task: Task, proposal: Proposal, votes: list[Vote]) -> Approved:
        sealed = open_seal(proposal)
        if (sealed.tenant, sealed.task) != (task.tenant, task.id):
            raise SealBroken(proposal.id)
        tool = self.desk.registry.get(sealed.tool)
        call = validate(tool, dict(sealed.arguments))
        return Approved(task=task, proposal=proposal, sealed=sealed, tool=tool, call=call, votes=votes)

    async def _recheck(self, approved: Approved, line: Line, then: Then) -> Execution | Overtaken:
        task, sealed, tool = approved.task, approved.sealed, approved.tool
        requester = await self.desk.people.actor(task.tenant, sealed.requester)
        if (gone := unknown_requester(task, sealed.requester, requester)) is not None:
            return await self.book.settle(task, Refused(because=gone.because, message=gone.message), then)
        try:
            impact = await self.desk.preview(tool, approved.call.parsed, line.context)
        except ToolFailed as error:
            failed = Failed(message=f"the check before the run failed: {error}", reason=error.reason)
            return await self.book.settle(task, failed, then)
        around = Circumstances(
            task=task,
            requester=requester,
            place=await self.desk.place(task.tenant, sealed.channel),
            reason_code=sealed.reason_code,
            trust=trust_of(tool, sealed),
            undo=sealed.kind == "undo",
        )
        judged = await self.desk.judge(tool, approved.call, impact, around)
        if isinstance(judged.decision, Deny):
            hint = f"; {judged.decision.hint}" if judged.decision.hint else ""
            message = f"policy no longer allows it ({', '.join(judged.decision.because)}){hint}; nothing ran"
            return await self.book.settle(task, Refused(because=judged.decision.because, message=message), then)
        owed = sealed.policy_obligations()
        lapsed = await self.desk.missing(task.tenant, sealed, owed, approved.votes)
        if lapsed:
            message = f"the approvals no longer suffice ({lapsed}); nothing ran"
            return await self._refuse(task, "builtin:entitlement", message, then)
        today = judged.decision.obligations if isinstance(judged.decision, NeedsApproval) else ()
        stricter = sealed.kind == "call" and bool(await self.desk.missing(task.tenant, sealed, today, approved.votes))
        why, moved = self._what_moved(approved, judged, today if stricter else ())
        if why and approved.proposal.plan_id is not None:
            # The calls after it were weighed beside what was shown of this one, so the plan ends here.
            moved_says = "; ".join(f"{row.label}: {row.before} → {row.after}" for row in moved[:3])
            why = f"{why} ({moved_says})" if moved_says else why
            return await self._refuse(task, "builtin:moved", f"{why}; it did not run; ask again to decide anew", then)
        if why:
            return await self._ask_again(approved, judged, today or owed, why, moved, then)
        line = replace(
            with_impact(line, impact),
            grant_id=approved.proposal.grant_id,
            not_after=sealed.expires_at,
            overtaken=self.desk.overtaken(tool, approved.call, judged, around),
        )
        try:
            return await self.desk.runner.run(line, then)
        except Stopped as error:
            return await self._refuse(task, "builtin:stopped", str(error), then)
        except Expired:  # while the target was looked at
            return await self._refuse(task, *EXPIRED, then)
        except GrantEnded:
            why = "the standing grant that approved it has ended"
            return await self._ask_again(approved, judged, today or owed, why, (), then)

    def _what_moved(
        self, approved: Approved, judged: Judgement, stricter: tuple[Obligation, ...]
    ) -> tuple[str, tuple[SealedRow, ...]]:
        """(why people are asked again, what moved), or "" when all is as it was approved."""
        sealed, tool = approved.sealed, approved.tool
        reasons: list[str] = []
        rows: list[SealedRow] = []
        # A release can read the same bytes otherwise and declare the same: it is what would run that people approve.
        if other := read_otherwise(sealed, approved.call.arguments, judged.target):
            reasons.append("the tool reads these values otherwise")
            rows += other
        if fingerprint(judged.impact) != sealed.fingerprint:
            reasons.append("the target changed")
            rows += moved_rows(sealed, judged.impact)
        if drifted(sealed, judged.impact, tool.manifest.drift_percent):
            reasons.append("it would touch another number of things")
            rows += counts_moved(sealed, judged.impact)
        version = self.desk.registry.version(tool.name)
        if version != sealed.tool_version:
            reasons.append("the tool changed")
            rows.append(SealedRow(label="tool version", before=sealed.tool_version[:12], after=version[:12]))
        if judged.policy_version != sealed.policy_version:
            reasons.append("the rules changed")
            rows.append(
                SealedRow(label="rules version", before=sealed.policy_version[:12], after=judged.policy_version[:12])
            )
        if stricter:
            reasons.append("the rules ask for more")
            rows.append(
                SealedRow(label="who is asked", before=_asked(sealed.policy_obligations()), after=_asked(stricter))
            )
        return (f"{' and '.join(reasons)} since it was proposed" if reasons else ""), tuple(rows)

    async def _ask_again(
        self,
        approved: Approved,
        judged: Judgement,
        obligations: tuple[Obligation, ...],
        why: str,
        moved: tuple[SealedRow, ...],
        then: Then,
    ) -> AskAgain:
        task, old, sealed, tool = approved.task, approved.proposal, approved.sealed, approved.tool
        now = await self.desk.now()
        undo = None
        if sealed.kind == "call":
            undo = await self.proposing.rehearse(task, tool, approved.call, judged.impact)
        renewed = SealedCall.model_validate(
            {
                **dict(sealed),
                **self.proposing.as_judged(tool, approved.call, judged),
                **lifetime(obligations, now, plan_of(self.desk.rules.waiting, sealed).expires),
                "arguments": approved.call.arguments,
                "target_kind": judged.target.kind,
                "target_id": judged.target.id,
                "env": judged.target.env,
                "undo": undo and undo.model_copy(update={"rehearsed_at": now}),
                "supersedes": old.id,
                "moved": moved,
            }
        )
        async with self.desk.db.write() as tx:
            stored = await self.proposing.store(tx, task, renewed)
            if old.undoes is not None:
                await proposals.mark(tx, task.tenant, old.undoes, undone_by=stored.id)
            again = AskAgain(proposal_id=stored.id, message=why)
            await then.settled(tx, again)
        return again

    async def _altered(self, task: Task, proposal: Proposal, started: Intent | None, then: Then) -> Execution:
        async with self.desk.db.read() as tx:
            moved, says = await what_moved(tx, proposal), await how_broken(tx, proposal)
        names = self.desk.cleaner.text(named(moved))
        rows: JsonObject = {"moved": [self.desk.cleaner.json(row.model_dump()) for row in moved]}
        log.error("an altered proposal", extra={"proposal": proposal.id, "moved": names, "begun": started is not None})
        if started is not None:
            why = f"it was changed after it was sealed (moved: {names})"
            return await self.book.leave(task, started, why, then, rows)
        refused = Refused(because=("builtin:seal",), message=self.desk.cleaner.text(says))
        return await self.book.settle(task, refused, then, rows)

    async def _refuse(self, task: Task, rule: str, message: str, then: Then) -> Execution:
        return await self.book.settle(task, Refused(because=(rule,), message=message), then)


def _asked(obligations: tuple[Obligation, ...]) -> str:
    return " and ".join(o.in_words for o in obligations) or "nobody"
