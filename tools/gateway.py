"""The one door to every tool: validate, preview, score, decide, then run, seal for people, or refuse.

`call` and `plan` take what a brain asks for; `execute` takes what people approved. There is no other way in.
"""

from collections.abc import Sequence
from dataclasses import replace

from policy.people import People
from policy.redaction import Redactor
from policy.types import Actor, Allow, Deny, NeedsApproval, Obligation, Place, Tier
from storage import halts, intents
from storage.db import Database, Tx
from storage.records import Intent, JsonObject, Proposal, Task
from tools import planning
from tools.admitting import Admitted, BadArguments, validate
from tools.cleaning import Cleaner
from tools.contract import Held, Tool, ToolFailed, Verified
from tools.desk import Circumstances, Desk
from tools.editing import Editing
from tools.errors import SealBroken, Stopped, UnknownTool
from tools.gathering import Gathering
from tools.granting import Granting, approve_by
from tools.judging import Judgement, describe
from tools.limits import AGAIN, Earlier, denied_by_halt, look_back, out_of_scope, overtaken, too_many
from tools.manifest import DryRun
from tools.outcomes import Denied, Execution, Failed, Halted, Outcome, Overtaken, Previewed, Waiting
from tools.planning import Plan
from tools.proposing import Proposing
from tools.rechecking import Rechecking
from tools.recording import Book, with_impact
from tools.registry import Registry
from tools.requests import RequestedCall, Scope, Then
from tools.rules import Rules, VoteRule
from tools.running import Line, Runner
from tools.sealing import SealedCall, open_seal
from tools.tracing import off_plan, out_of_reach, traced
from tools.undoing import Undoing


class Gateway:
    """Decides and runs calls. Holds no state of its own between two calls."""

    def __init__(self, *, db: Database, registry: Registry, rules: Rules, redactor: Redactor, people: People) -> None:
        cleaner = Cleaner(redactor=redactor)
        runner = Runner(db, cleaner)
        self._desk = Desk(db=db, registry=registry, rules=rules, people=people, cleaner=cleaner, runner=runner)
        self._book = Book(desk=self._desk)
        self._proposing = Proposing(desk=self._desk)
        self._rechecking = Rechecking(desk=self._desk, book=self._book, proposing=self._proposing)
        self._granting = Granting(desk=self._desk)
        self._gathering = Gathering(desk=self._desk, proposing=self._proposing, granting=self._granting)
        self._editing = Editing(desk=self._desk)
        self._undoing = Undoing(desk=self._desk, proposing=self._proposing)

    @property
    def registry(self) -> Registry:
        return self._desk.registry

    @property
    def rules(self) -> Rules:
        """What decisions are made from; assign new ones to reload policy."""
        return self._desk.rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._desk.rules = rules

    # --- what a brain asks for ----------------------------------------------------------------------------

    async def call(self, call: RequestedCall, then: Then) -> Outcome:
        """Carry out one requested call as far as policy allows without a person."""
        try:
            tool = self.registry.get(call.tool)
            admitted = validate(tool, call.arguments)
        except (UnknownTool, BadArguments) as error:
            return await self._cannot(call, str(error), then)
        async with self._desk.db.read() as tx:
            started = await intents.find(tx, call.task.tenant, call.key)
            earlier = await look_back(tx, call, admitted.arguments, admitted.target)
            halt = await halts.standing(tx, call.task.tenant)
        if earlier.open is not None:
            return await self._wait_on(earlier.open, then)
        if started is not None:
            return await self._resume(call, tool, admitted, started, then)
        if halt is not None and tool.manifest.tier is not Tier.READ and not call.task.dry_run:
            return await self._book.refuse(call, denied_by_halt(str(halt)), then)
        refused = (
            out_of_scope(call) or earlier.refusal or off_plan(tool, call, admitted) or out_of_reach(tool, admitted)
        )
        if refused is not None:
            return await self._book.refuse(call, refused, then)
        for _ in range(AGAIN):
            outcome = await self._decide(call, tool, admitted, earlier, then)
            if not isinstance(outcome, Overtaken):
                return outcome
        return await self._book.refuse(call, overtaken(), then)

    async def plan(self, calls: Sequence[RequestedCall], then: Then) -> Waiting | None:
        """Seal the first calls, as many as people would be asked about, as one plan; None when that is not several."""
        return await self._gathering.plan(calls, then)

    async def _cannot(self, call: RequestedCall, why: str, then: Then) -> Outcome:
        """Refuse what this version has no tool for; what an earlier one began is not refused, it is in doubt."""
        async with self._desk.db.read() as tx:
            begun = await intents.find(tx, call.task.tenant, call.key)
        if begun is not None:
            return await self._book.leave(call.task, begun, f"this version cannot go on with it ({why})", then)
        return await self._book.refuse(call, Denied(because=("builtin:validate",), message=why), then)

    async def _wait_on(self, proposal: Proposal, then: Then) -> Waiting:
        async with self._desk.db.write() as tx:
            await then.parked(tx, proposal)
        return Waiting(proposal_id=proposal.id)

    async def _resume(
        self, call: RequestedCall, tool: Tool, admitted: Admitted, started: Intent, then: Then
    ) -> Outcome:
        """Decided and begun in an earlier life; the runner knows what to do with it."""
        context = self._desk.context(call.task, call.key, env=admitted.target.env)
        line = self._book.line_of_call(call, tool, admitted, tuple(started.rules), context)
        outcome = await self._run(call, line, then)
        assert not isinstance(outcome, Overtaken), "what has begun is not decided again"
        return outcome

    async def _run(self, call: RequestedCall, line: Line, then: Then) -> Outcome | Overtaken:
        try:
            outcome = await self._desk.runner.run(line, then)
        except Stopped as error:
            return await self._book.refuse(call, Denied(because=("builtin:stopped",), message=str(error)), then)
        if isinstance(outcome, Halted):  # written since we looked; nothing began
            return await self._book.refuse(call, denied_by_halt(outcome.message), then)
        return outcome

    async def _decide(
        self, call: RequestedCall, tool: Tool, admitted: Admitted, earlier: Earlier, then: Then
    ) -> Outcome | Overtaken:
        context = self._desk.context(call.task, call.key, env=admitted.target.env)
        try:
            impact = await self._desk.preview(tool, admitted.parsed, context)
        except ToolFailed as error:
            return await self._book.fail(call, Failed(message=str(error), reason=error.reason), then)
        around = Circumstances(
            task=call.task,
            requester=call.requester,
            place=call.place,
            reason_code=call.reason_code,
            trust=traced(tool, call).trust,
        )
        judged = await self._desk.judge(tool, admitted, impact, around)
        if call.task.dry_run and tool.manifest.tier is not Tier.READ:
            return await self._book.preview(call, admitted, _shown(tool, admitted, judged), then)
        match judged.decision:
            case Deny(because=because, hint=hint):
                message = f"policy does not allow it ({', '.join(because)})" + (f"; {hint}" if hint else "")
                return await self._book.refuse(call, Denied(because=because, message=message), then)
            case NeedsApproval(obligations=obligations):
                return await self._ask(call, tool, admitted, judged, obligations, earlier, then)
            case Allow() if earlier.replaced is not None:
                # People were asked about this call; a change of its values does not end that.
                owed = earlier.replaced.policy_obligations()
                return await self._ask(call, tool, admitted, judged, owed, earlier, then)
            case Allow(because=because):
                line = self._book.line_of_call(call, tool, admitted, because, context)
                line = replace(line, overtaken=self._desk.overtaken(tool, admitted, judged, around))
                return await self._run(call, with_impact(line, impact), then)

    async def _ask(
        self,
        call: RequestedCall,
        tool: Tool,
        admitted: Admitted,
        judged: Judgement,
        obligations: tuple[Obligation, ...],
        earlier: Earlier,
        then: Then,
    ) -> Waiting | Denied:
        if (refused := too_many(call, earlier)) is not None:
            return await self._book.refuse(call, refused, then)
        draft = self._proposing.draft(call, tool, admitted, judged, obligations, earlier)
        sealed = await self._proposing.seal(draft)
        grant = await self._granting.covering(sealed)
        async with self._desk.db.write() as tx:
            proposal = await self._proposing.store(tx, call.task, sealed)
            if grant is not None:
                proposal = await approve_by(tx, proposal, grant)
            await then.parked(tx, proposal)
        return Waiting(proposal_id=proposal.id)

    # --- what people decide -------------------------------------------------------------------------------

    async def execute(self, task: Task, proposal: Proposal, then: Then, scope: Scope | None) -> Execution:
        """Run exactly the sealed bytes, once, after everything has been checked again.

        `scope`: what the task's agent may use today; None when it is not installed any more.

        Raises:
            SealForeign, CannotAsk: not here, or not now; it stays approved. See `Rechecking.execute`.
        """
        return await self._rechecking.execute(task, proposal, then, scope)

    async def watch(self, task: Task, proposal: Proposal) -> Verified | None:
        """What the tool's check sees now of a change that ran; None: it does not hold yet, ask again soon."""
        try:
            sealed = open_seal(proposal)
            tool = self.registry.get(sealed.tool)
            call = validate(tool, dict(sealed.arguments))
        except (SealBroken, UnknownTool, BadArguments):  # it ran in an earlier life, under another version
            return Verified(held=Held.UNKNOWN, says="")
        key = f"proposal:{proposal.id}"
        context = self._desk.context(task, key, env=sealed.env)
        seen = await self._desk.runner.verify(tool, call.parsed, sealed.impact(), context)
        if seen.held is Held.YES or tool.verify is None:
            return seen
        async with self._desk.db.read() as tx:
            ran, now = await intents.find(tx, task.tenant, key), await tx.time()
        began = now if ran is None or ran.finished_at is None else ran.finished_at
        return seen if now >= began + tool.manifest.watch_seconds else None

    @property
    def people(self) -> People:
        return self._desk.people

    def may_edit(self, sealed: SealedCall, editor: Actor) -> bool:
        """Whether this person may change the values of a waiting call."""
        return self._editing.may_edit(sealed, editor)

    async def check_edit(
        self, task: Task, sealed: SealedCall, arguments: JsonObject, editor: Actor
    ) -> tuple[tuple[str, str], ...]:
        """What is wrong with a person's new values, as (field, reason); () when they may be proposed."""
        return await self._editing.check(task, sealed, arguments, editor)

    async def preview_again(self, task: Task, sealed: SealedCall) -> str:
        """What a sealed call would do at this moment, in one sentence; nothing changes."""
        return await self._editing.preview_again(task, sealed)

    async def seal_undo(
        self, task: Task, done: Proposal, presser: Actor, place: Place, *, by_check: bool = False
    ) -> SealedCall | Denied:
        """The inverse of a call that ran, ready to be sealed, as pressed by one person; or why not."""
        return await self._undoing.seal(task, done, presser, place, by_check=by_check)

    async def store_undo(self, tx: Tx, task: Task, sealed: SealedCall) -> Proposal:
        """Keep a sealed undo, in the caller's transaction."""
        return await self._proposing.store(tx, task, sealed)

    async def store_plan(self, tx: Tx, task: Task, plan: Plan) -> Proposal:
        """Keep a sealed plan with its calls, in the caller's transaction."""
        return await planning.store(tx, self._proposing, task, plan)

    def judge_of(self, sealed: SealedCall) -> VoteRule:
        """The rule that says whose vote counts for which obligation of this call."""
        return self._desk.judge_of(sealed)

    async def place(self, tenant: str, channel: str) -> Place:
        """The channel with its autonomy cap."""
        return await self._desk.place(tenant, channel)

    def clean(self, text: str) -> str:
        """The text without secrets, in a form every store keeps; for words that people typed."""
        return self._desk.cleaner.text(text)

    def clean_json(self, value: JsonObject) -> JsonObject:
        """The same for JSON."""
        return self._desk.cleaner.json(value)


def _shown(tool: Tool, admitted: Admitted, judged: Judgement) -> Previewed:
    impact = judged.impact
    shown = Previewed(
        says=tool.says(admitted.parsed),
        grade=impact.grade if impact else DryRun.SIMULATED,
        changes=impact.changes if impact else (),
        counted=impact.counted if impact else (),
        would=describe(judged.decision),
    )
    if isinstance(judged.decision, NeedsApproval):
        return replace(shown, obligations=judged.decision.obligations)
    return shown


__all__ = ["Gateway", "Rules", "VoteRule"]
