"""The one door to every tool: validate, preview, score, decide, then run, seal for people, or refuse.

`call` takes what a brain asks for; `execute` takes what people approved. There is no third way in.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from policy.approval import tally
from policy.autonomy import AutonomyTable
from policy.cedar import PolicyEngine
from policy.people import People
from policy.redaction import Redactor
from policy.risk import RiskTable
from policy.types import Actor, Allow, CastVote, Deny, NeedsApproval, Obligation, Place, Tier
from storage import audit, intents, proposals
from storage.canonical import canonical
from storage.db import Database, Tx
from storage.intents import NewIntent
from storage.records import JsonObject, Proposal, ProposalState, Task
from tools.contract import Counted, Impact, InverseCall, Tool, ToolContext, ToolFailed, Verified
from tools.errors import SealBroken, UnknownTool
from tools.judging import Asking, BadArguments, Judgement, describe, history, judge, validate
from tools.manifest import DryRun
from tools.outcomes import AskAgain, Denied, Execution, Failed, InDoubt, Outcome, Previewed, Ran, Refused, Waiting
from tools.registry import Registry
from tools.requests import RequestedCall, Then
from tools.running import Line, Runner
from tools.sealing import (
    SealedCall,
    SealedObligation,
    SealedUndo,
    counts,
    drifted,
    fingerprint,
    moved_rows,
    open_seal,
    rows,
    seal,
)

log = logging.getLogger(__name__)

MOST_ARGUMENTS = 16_000
"""characters of canonical JSON; what is longer cannot be shown whole to those who decide"""
UNDO_LIFE = 4 * 3600
"""seconds a pressed Undo may wait for further approvals"""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything a decision is made from; replaced as a whole when policy is reloaded."""

    engine: PolicyEngine
    risks: RiskTable
    autonomy: AutonomyTable
    channel_caps: Mapping[str, int] = field(default_factory=dict)
    """channel → highest autonomy allowed there; others have no cap of their own"""


class Gateway:
    """Decides and runs calls. Holds no state of its own between two calls."""

    def __init__(self, *, db: Database, registry: Registry, rules: Rules, redactor: Redactor, people: People) -> None:
        self._db = db
        self.registry = registry
        self.rules = rules
        self._redactor = redactor
        self._people = people
        self._runner = Runner(db, redactor)

    # --- what a brain asks for ----------------------------------------------------------------------------

    async def call(self, call: RequestedCall, then: Then) -> Outcome:
        """Carry out one requested call as far as policy allows without a person."""
        try:
            tool = self.registry.get(call.tool)
            parsed = validate(tool, call.arguments)
            text = canonical(parsed.model_dump(mode="json"))  # no canonical form: it cannot be sealed or recorded
            if len(text) > MOST_ARGUMENTS:
                raise BadArguments(f"the arguments hold {len(text)} characters; nobody could check more than {MOST_ARGUMENTS}")
            tool.target(parsed)
        except (UnknownTool, BadArguments, ValueError) as error:
            return await self._refuse(call, Denied(because=("builtin:validate",), message=str(error)), then)
        key = f"call:{call.task.id}:{call.call_id}"
        async with self._db.read() as tx:
            started = await intents.find(tx, call.task.tenant, key)
            earlier = await self._asked_before(tx, call, parsed.model_dump(mode="json", exclude_none=True))
        if isinstance(earlier, Waiting):
            return earlier
        context = self._context(call.task, key, tool, env=tool.target(parsed).env)
        if started is not None:  # decided and begun in an earlier life; the runner knows what to do with it
            line = self._line(call, tool, parsed.model_dump(mode="json"), key, list(started.rules), [], context, None)
            return await self._runner.run(replace(line, arguments=parsed), then)
        if earlier is not None:
            return await self._refuse(call, earlier, then)
        try:
            impact = await self._preview(tool, parsed, context)
        except ToolFailed as error:
            return await self._fail(call, Failed(message=self._clean(str(error)), reason=error.reason), then)
        judged = await self._judge(
            tool,
            parsed,
            impact,
            call.task,
            call.requester,
            call.place,
            call.reason_code,
            untrusted=bool(call.origins),
            undo=False,
        )
        if call.task.dry_run and tool.manifest.tier is not Tier.READ:
            return await self._dry_run(call, tool, judged, key, context, then)
        match judged.decision:
            case Deny(because=because, hint=hint):
                message = f"policy does not allow it ({', '.join(because)})" + (f"; {hint}" if hint else "")
                return await self._refuse(call, Denied(because=because, message=message), then)
            case NeedsApproval(obligations=obligations, because=because):
                return await self._propose(call, tool, parsed, judged, obligations, because, then)
            case Allow(because=because):
                line = self._line(call, tool, judged.arguments, key, list(because), [], context, impact)
                ran = await self._runner.run(replace(line, arguments=parsed), then)
                return ran

    async def _asked_before(self, tx: Tx, call: RequestedCall, arguments: JsonObject) -> Denied | Waiting | None:
        """What people have already said in this task: an open proposal of this very call, or a No to its like."""
        for proposal in await proposals.of_task(tx, call.task.tenant, call.task.id):
            sealed = open_seal(proposal)
            if proposal.call_id == call.call_id and proposal.state is ProposalState.OPEN:
                return Waiting(proposal_id=proposal.id)
            same = (sealed.tool, canonical(sealed.arguments)) == (call.tool, canonical(arguments))
            if same and proposal.state is ProposalState.REJECTED and proposal.call_id != call.call_id:
                return Denied(
                    because=("builtin:asked-before",),
                    message=f"people said no to exactly this in this task ({proposal.outcome}); do not ask again",
                )
        return None

    # --- what people approved -----------------------------------------------------------------------------

    async def execute(self, task: Task, proposal: Proposal, then: Then) -> Execution:
        """Run exactly the sealed bytes, once, after everything has been checked again."""
        key = f"proposal:{proposal.id}"
        async with self._db.read() as tx:
            started = await intents.find(tx, task.tenant, key)
            votes = await proposals.votes_on(tx, task.tenant, proposal.id)
            now = await tx.time()
        try:
            sealed = open_seal(proposal)
            tool = self.registry.get(sealed.tool)
            parsed = tool.arguments.model_validate(sealed.arguments)
        except (SealBroken, UnknownTool, ValueError) as error:
            log.error("refusing to run a proposal", extra={"proposal": proposal.id, "why": str(error)})
            return await self._settle(task, Refused(because=("builtin:seal",), message=self._clean(str(error))), then)
        context = self._context(task, key, tool, env=sealed.env)
        approvers = [vote.voter for vote in votes if vote.approve]
        line = Line(
            new=NewIntent(
                key=key,
                tenant=task.tenant,
                task_id=task.id,
                invoked_by=sealed.requester,
                skill=sealed.skill,
                tool=tool.name,
                tool_version=sealed.tool_version,
                tier=sealed.tier,
                approved_by=approvers,
                dry_run=False,
                reason_code=sealed.reason_code,
                rules=list(sealed.rules),
                input=self._clean_object(sealed.arguments),
                idempotency_key=context.idempotency_key,
                correlation_id=task.correlation_id,
                agent_version=sealed.agent_version,
                policy_version=self.rules.engine.version,
            ),
            tool=tool,
            arguments=parsed,
            context=context,
            impact=Impact(grade=DryRun(sealed.grade), before=dict(sealed.before)),
        )
        if started is not None:
            return await self._runner.run(line, then)
        if now >= sealed.expires_at:
            late = Refused(because=("builtin:expired",), message="it expired before it could run; nothing ran")
            return await self._settle(task, late, then)
        return await self._recheck(task, proposal, sealed, line, approvers, then)

    async def _recheck(
        self, task: Task, proposal: Proposal, sealed: SealedCall, line: Line, approvers: list[str], then: Then
    ) -> Execution:
        tool, parsed = line.tool, line.arguments
        requester = await self._people.actor(task.tenant, sealed.requester)
        place = self.place(task.tenant, sealed.channel)
        try:
            impact = await self._preview(tool, parsed, line.context)
        except ToolFailed as error:
            failed = Failed(message=f"the check before the run failed: {self._clean(str(error))}", reason=error.reason)
            return await self._settle(task, failed, then)
        judged = await self._judge(
            tool,
            parsed,
            impact,
            task,
            requester,
            place,
            sealed.reason_code,
            untrusted=bool(sealed.origins),
            undo=sealed.kind == "undo",
        )
        if isinstance(judged.decision, Deny):
            hint = f"; {judged.decision.hint}" if judged.decision.hint else ""
            refused = Refused(
                because=judged.decision.because,
                message=f"policy no longer allows it ({', '.join(judged.decision.because)}){hint}; nothing ran",
            )
            return await self._settle(task, refused, then)
        owed = sealed.policy_obligations()
        lapsed = await self.missing(task.tenant, sealed, owed, approvers)
        if lapsed:
            refused = Refused(
                because=("builtin:entitlement",),
                message=f"the approvals no longer suffice ({lapsed}); nothing ran",
            )
            return await self._settle(task, refused, then)
        moved = fingerprint(impact) != sealed.fingerprint or drifted(sealed, impact, tool.manifest.drift_percent)
        changed_tool = self.registry.version(tool.name) != sealed.tool_version
        today = judged.decision.obligations if isinstance(judged.decision, NeedsApproval) else ()
        stricter = sealed.kind == "call" and bool(await self.missing(task.tenant, sealed, today, approvers))
        if moved or changed_tool or stricter:
            why = (
                "the target changed since it was proposed"
                if moved
                else "the tool changed since it was proposed"
                if changed_tool
                else "the rules ask for more than when it was proposed"
            )
            return await self._ask_again(task, proposal, sealed, tool, judged, today or owed, why, then)
        return await self._runner.run(replace(line, impact=impact), then)

    async def missing(self, tenant: str, sealed: SealedCall, owed: tuple[Obligation, ...], approvers: list[str]) -> str:
        """Which approvals are still missing by today's groups, in words; "" when all obligations are met."""
        votes: list[CastVote] = []
        for user in approvers:
            actor = await self._people.actor(tenant, user)
            if actor is not None:
                votes.append(CastVote(voter=actor, approve=True))
        states = tally(owed, votes, requester=sealed.requester, tenant=tenant, judge=self.judge_of(sealed))
        return ", ".join(f"{s.missing} of @{s.obligation.group}" for s in states if s.missing)

    def judge_of(self, sealed: SealedCall) -> "VoteRule":
        """The rule that says whose vote counts for which obligation of this call."""
        return VoteRule(engine=self.rules.engine, edited_by=sealed.edited_by)

    def place(self, tenant: str, channel: str) -> Place:
        """The channel with its autonomy cap."""
        return Place(id=channel, tenant=tenant, max_autonomy=self.rules.channel_caps.get(channel, 4))

    async def _ask_again(
        self,
        task: Task,
        proposal: Proposal,
        sealed: SealedCall,
        tool: Tool,
        judged: Judgement,
        obligations: tuple[Obligation, ...],
        why: str,
        then: Then,
    ) -> AskAgain:
        async with self._db.read() as tx:
            now = await tx.time()
        life = min((o.expires_in for o in obligations), default=UNDO_LIFE)
        typed = tool.arguments.model_validate(judged.arguments)
        renewed = sealed.model_copy(
            update={
                "tool_version": self.registry.version(tool.name),
                "fingerprint": fingerprint(judged.impact),
                "before": dict(judged.impact.before) if judged.impact else {},
                "changes": rows(judged.impact.changes) if judged.impact else (),
                "counted": counts(judged.impact.counted) if judged.impact else (),
                "risk": judged.risk.score,
                "risk_parts": tuple((p.label, p.points) for p in judged.risk.parts),
                "undo": await self._rehearse(task, tool, typed, judged.impact, now),
                "supersedes": proposal.id,
                "moved": moved_rows(sealed, judged.impact),
                "obligations": _sealed_obligations(obligations),
                "policy_version": self.rules.engine.version,
                "proposed_at": now,
                "expires_at": now + life,
            }
        )
        async with self._db.write() as tx:
            stored = await self._store(tx, task, renewed, undoes=proposal.undoes)
            again = AskAgain(proposal_id=stored.id, message=why)
            await then.settled(tx, again)
        return again

    # --- edit ---------------------------------------------------------------------------------------------

    async def check_edit(
        self, task: Task, sealed: SealedCall, arguments: JsonObject, editor: Actor
    ) -> tuple[tuple[str, str], ...]:
        """What is wrong with a person's new values, as (field, reason); () when they may be proposed.

        The blast radius is the one of the old values; the new proposal is previewed and decided on its own.
        """
        tool = self.registry.get(sealed.tool)
        try:
            parsed = validate(tool, arguments)
        except BadArguments as error:
            return tuple(_split_reasons(str(error)))
        impact = Impact(
            grade=DryRun(sealed.grade),
            before=dict(sealed.before),
            counted=tuple(Counted(count=c.count, unit=c.unit, of=c.of) for c in sealed.counted),
        )
        place = self.place(task.tenant, sealed.channel)
        judged = await self._judge(
            tool, parsed, impact, task, editor, place, sealed.reason_code, untrusted=False, undo=sealed.kind == "undo"
        )
        if not isinstance(judged.decision, Deny):
            return ()
        changed = [name for name, value in judged.arguments.items() if sealed.arguments.get(name) != value]
        field = changed[0] if changed else next(iter(judged.arguments), "arguments")
        hint = judged.decision.hint or "the rules do not allow this value"
        return ((field, f"{hint} ({', '.join(judged.decision.because)})"),)

    async def preview_again(self, task: Task, sealed: SealedCall) -> str:
        """What a sealed call would do at this moment, in one sentence; nothing changes."""
        tool = self.registry.get(sealed.tool)
        parsed = tool.arguments.model_validate(sealed.arguments)
        context = self._context(task, f"look:{task.id}", tool, env=sealed.env)
        try:
            impact = await self._preview(tool, parsed, context)
        except ToolFailed as error:
            return self._clean(f"The dry run failed: {error}.")
        if impact is None:
            return (
                f"{tool.name} cannot preview; what it declares: {', '.join(tool.manifest.side_effects) or 'nothing'}."
            )
        same = fingerprint(impact) == sealed.fingerprint
        rows_ = ", ".join(f"{c.label}: {c.before} → {c.after}" for c in impact.changes) or "nothing would change"
        moved = (
            "the target is as it was when this was proposed" if same else "the target has changed since it was proposed"
        )
        return f"Dry run ({impact.grade.value}), nothing changed: {rows_}; {moved}."

    # --- undo ---------------------------------------------------------------------------------------------

    async def seal_undo(self, task: Task, done: Proposal, presser: Actor, place: Place) -> SealedCall | Denied:
        """The inverse of a call that ran, ready to be sealed, as pressed by one person; or why not."""
        was = open_seal(done)
        if was.undo is None:
            return Denied(because=("builtin:no-undo",), message="this cannot be undone")
        tool = self.registry.get(was.undo.tool)
        try:
            parsed = validate(tool, dict(was.undo.arguments))
            context = self._context(task, f"undo:{done.id}", tool, env=was.env)
            impact = await self._preview(tool, parsed, context)
        except (BadArguments, ToolFailed) as error:
            return Denied(because=("builtin:undo-check",), message=self._clean(f"the undo cannot run now: {error}"))
        judged = await self._judge(
            tool, parsed, impact, task, presser, place, was.reason_code, untrusted=False, undo=True
        )
        if isinstance(judged.decision, Deny):
            hint = f"; {judged.decision.hint}" if judged.decision.hint else ""
            message = f"policy does not allow the undo ({', '.join(judged.decision.because)}){hint}"
            return Denied(because=judged.decision.because, message=message)
        obligations = (
            judged.decision.obligations
            if isinstance(judged.decision, NeedsApproval)
            else _relaxed(was.policy_obligations())
        )
        async with self._db.read() as tx:
            now = await tx.time()
        return self._sealed(
            task=task,
            call_id=f"undo-{done.id[:12]}",
            kind="undo",
            tool=tool,
            parsed_says=tool.says(parsed),
            judged=judged,
            requester=presser.id,
            channel=place.id,
            reason_code=was.reason_code,
            skill=was.skill,
            why="",
            edited_by="",
            origins={},
            evidence=(),
            undo=await self._rehearse(task, tool, parsed, impact, now),
            obligations=obligations,
            rules=judged.decision.because,
            now=now,
            undoes=done.id,
        )

    async def store_undo(self, tx: Tx, task: Task, sealed: SealedCall) -> Proposal:
        """Keep a sealed undo, in the caller's transaction."""
        return await self._store(tx, task, sealed, undoes=sealed.undoes)

    # --- parts --------------------------------------------------------------------------------------------

    async def _propose(
        self,
        call: RequestedCall,
        tool: Tool,
        parsed: object,
        judged: Judgement,
        obligations: tuple[Obligation, ...],
        because: tuple[str, ...],
        then: Then,
    ) -> Waiting:
        typed = tool.arguments.model_validate(judged.arguments)
        async with self._db.read() as tx:
            now = await tx.time()
        undo = await self._rehearse(call.task, tool, typed, judged.impact, now)
        sealed = self._sealed(
            task=call.task,
            call_id=call.call_id,
            kind="call",
            tool=tool,
            parsed_says=tool.says(typed),
            judged=judged,
            requester=call.task.requester,
            channel=call.place.id,
            reason_code=call.reason_code,
            skill=call.skill,
            why=self._clean(call.why)[:600],
            edited_by=call.edited_by,
            origins=dict(call.origins),
            evidence=tuple(call.evidence),
            undo=undo,
            obligations=obligations,
            rules=because,
            now=now,
            undoes=None,
        )
        async with self._db.write() as tx:
            proposal = await self._store(tx, call.task, sealed, undoes=None)
            await then.parked(tx, proposal)
        return Waiting(proposal_id=proposal.id)

    async def _store(self, tx: Tx, task: Task, sealed: SealedCall, *, undoes: str | None) -> Proposal:
        proposal_id, text = seal(sealed)
        proposal = await proposals.create(
            tx,
            proposal_id=proposal_id,
            tenant=task.tenant,
            task_id=task.id,
            call_id=sealed.call,
            sealed=text,
            tool=sealed.tool,
            expires_at=sealed.expires_at,
            undoes=undoes,
        )
        await audit.append(
            tx,
            task.tenant,
            "ops.agent_task.proposed_action",
            task_id=task.id,
            correlation_id=task.correlation_id,
            body={
                "proposal": proposal_id,
                "says": sealed.says,
                "tool": sealed.tool,
                "risk": sealed.risk,
                "rules": list(sealed.rules),
                "supersedes": sealed.supersedes,
                "undoes": undoes,
                "agent_version": sealed.agent_version,
                "policy_version": sealed.policy_version,
            },
        )
        return proposal

    def _sealed(
        self,
        *,
        task: Task,
        call_id: str,
        kind: str,
        tool: Tool,
        parsed_says: str,
        judged: Judgement,
        requester: str,
        channel: str,
        reason_code: str,
        skill: str,
        why: str,
        edited_by: str,
        origins: dict[str, str],
        evidence: tuple[object, ...],
        undo: SealedUndo | None,
        obligations: tuple[Obligation, ...],
        rules: tuple[str, ...],
        now: float,
        undoes: str | None,
    ) -> SealedCall:
        impact = judged.impact
        life = min((o.expires_in for o in obligations), default=UNDO_LIFE)
        return SealedCall.model_validate(
            {
                "tenant": task.tenant,
                "task": task.id,
                "call": call_id,
                "kind": kind,
                "channel": channel,
                "requester": requester,
                "tool": tool.name,
                "tool_version": self.registry.version(tool.name),
                "tier": tool.manifest.tier,
                "arguments": judged.arguments,
                "origins": origins,
                "says": parsed_says,
                "verb": tool.manifest.verb or "run",
                "target_kind": judged.target.kind,
                "target_id": judged.target.id,
                "env": judged.target.env,
                "fingerprint": fingerprint(impact),
                "before": dict(impact.before) if impact else {},
                "changes": rows(impact.changes) if impact else (),
                "counted": counts(impact.counted) if impact else (),
                "grade": impact.grade if impact else DryRun.SIMULATED,
                "risk": judged.risk.score,
                "risk_parts": tuple((p.label, p.points) for p in judged.risk.parts),
                "autonomy": judged.autonomy,
                "reason_code": reason_code,
                "skill": skill,
                "why": why,
                "edited_by": edited_by,
                "evidence": evidence,
                "undo": undo,
                "undoes": undoes,
                "supersedes": None,
                "moved": (),
                "obligations": _sealed_obligations(obligations),
                "rules": rules,
                "agent": task.agent,
                "agent_version": task.agent_version,
                "policy_version": self.rules.engine.version,
                "proposed_at": now,
                "expires_at": now + life,
            }
        )

    async def _rehearse(
        self, task: Task, tool: Tool, parsed: object, impact: Impact | None, now: float
    ) -> SealedUndo | None:
        """The inverse call, previewed against the live target: a card may only promise an undo that was rehearsed."""
        if tool.undo is None or impact is None:
            return None
        inverse: InverseCall | None = tool.undo(parsed, impact)
        if inverse is None:
            return None
        try:
            other = self.registry.get(inverse.tool)
            arguments = validate(other, inverse.arguments)
            context = self._context(task, f"rehearsal:{task.id}", other, env=other.target(arguments).env)
            seen = await self._preview(other, arguments, context)
        except (UnknownTool, BadArguments, ToolFailed) as error:
            log.warning("an undo failed its rehearsal", extra={"tool": tool.name, "why": self._clean(str(error))})
            return None
        if seen is None:
            return None
        return SealedUndo(
            tool=other.name,
            arguments=arguments.model_dump(mode="json", exclude_none=True),
            says=other.says(arguments),
            rehearsed_at=now,
            objects=max(1, len(impact.changes)),
        )

    async def _preview(self, tool: Tool, parsed: object, context: ToolContext) -> Impact | None:
        if tool.manifest.tier is Tier.READ or tool.preview is None:
            return None
        try:
            async with asyncio.timeout(tool.manifest.timeout_seconds):
                impact = await tool.preview(parsed, context)
        except TimeoutError:
            message = f"the preview of {tool.name} did not answer within {tool.manifest.timeout_seconds:g} s"
            raise ToolFailed(message, effect_possible=False, reason="timeout") from None
        before, _found = self._redactor.json(dict(impact.before))
        assert isinstance(before, dict)
        return replace(impact, before=before)

    async def _judge(
        self,
        tool: Tool,
        parsed: object,
        impact: Impact | None,
        task: Task,
        requester: Actor | None,
        place: Place,
        reason_code: str,
        *,
        untrusted: bool,
        undo: bool,
    ) -> Judgement:
        async with self._db.read() as tx:
            now, calls, failures, ever = await history(tx, task.tenant, tool.name)
        asking = Asking(
            tenant=task.tenant,
            agent=task.agent,
            requester=requester,
            place=place,
            reason_code=reason_code,
            untrusted=untrusted,
            undo=undo,
            now=now,
            calls_1h=calls + 1,
            failures_1h=failures,
            ran_before=ever,
        )
        typed = tool.arguments.model_validate(parsed) if not isinstance(parsed, tool.arguments) else parsed
        return judge(
            tool, typed, impact, asking, engine=self.rules.engine, risks=self.rules.risks, autonomy=self.rules.autonomy
        )

    async def _dry_run(
        self, call: RequestedCall, tool: Tool, judged: Judgement, key: str, context: ToolContext, then: Then
    ) -> Previewed:
        typed = tool.arguments.model_validate(judged.arguments)
        would = describe(judged.decision)
        impact = judged.impact
        outcome = Previewed(
            says=tool.says(typed),
            grade=impact.grade if impact else DryRun.SIMULATED,
            changes=impact.changes if impact else (),
            counted=impact.counted if impact else (),
            would=would,
        )
        line = self._line(call, tool, judged.arguments, key, list(judged.decision.because), [], context, impact)
        async with self._db.write() as tx:
            await audit.append(
                tx,
                call.task.tenant,
                "ops.agent_task.previewed",
                task_id=call.task.id,
                correlation_id=call.task.correlation_id,
                body={"tool": tool.name, "input": line.new.input, "would": would, "says": outcome.says},
            )
            await then.settled(tx, outcome)
        return outcome

    def _context(self, task: Task, key: str, tool: Tool, *, env: str) -> ToolContext:
        return ToolContext(
            tenant=task.tenant, correlation_id=task.correlation_id, idempotency_key=f"{task.tenant}:{key}", env=env
        )

    def _line(
        self,
        call: RequestedCall,
        tool: Tool,
        arguments: JsonObject,
        key: str,
        rules: list[str],
        approved_by: list[str],
        context: ToolContext,
        impact: Impact | None,
    ) -> Line:
        return Line(
            new=NewIntent(
                key=key,
                tenant=call.task.tenant,
                task_id=call.task.id,
                invoked_by=call.task.requester,
                skill=call.skill,
                tool=tool.name,
                tool_version=self.registry.version(tool.name),
                tier=tool.manifest.tier,
                approved_by=approved_by,
                dry_run=call.task.dry_run,
                reason_code=call.reason_code,
                rules=rules,
                input=self._clean_object(arguments),
                idempotency_key=context.idempotency_key,
                correlation_id=call.task.correlation_id,
                agent_version=call.task.agent_version,
                policy_version=self.rules.engine.version,
            ),
            tool=tool,
            arguments=tool.arguments.model_validate(arguments),
            impact=impact,
            context=context,
        )

    async def _refuse(self, call: RequestedCall, denied: Denied, then: Then) -> Denied:
        denied = replace(denied, message=self._clean(denied.message))
        async with self._db.write() as tx:
            await audit.append(
                tx,
                call.task.tenant,
                "ops.agent_task.denied",
                task_id=call.task.id,
                correlation_id=call.task.correlation_id,
                body={
                    "tool": call.tool[:100],
                    "rules": list(denied.because),
                    "message": denied.message[:500],
                    "requester": call.task.requester,
                },
            )
            await then.settled(tx, denied)
        return denied

    async def _fail(self, call: RequestedCall, failed: Failed, then: Then) -> Failed:
        async with self._db.write() as tx:
            await audit.append(
                tx,
                call.task.tenant,
                "ops.agent_task.failed",
                task_id=call.task.id,
                correlation_id=call.task.correlation_id,
                body={"tool": call.tool, "message": failed.message[:500], "before_run": True},
            )
            await then.settled(tx, failed)
        return failed

    async def _settle(self, task: Task, outcome: Refused | Failed, then: Then) -> Refused | Failed:
        async with self._db.write() as tx:
            event = "refused" if isinstance(outcome, Refused) else "failed"
            await audit.append(
                tx,
                task.tenant,
                f"ops.agent_task.{event}",
                task_id=task.id,
                correlation_id=task.correlation_id,
                body={
                    "message": outcome.message[:500],
                    "rules": list(outcome.because) if isinstance(outcome, Refused) else [],
                },
            )
            await then.settled(tx, outcome)
        return outcome

    async def watch(self, task: Task, proposal: Proposal) -> Verified:
        """What the tool's check sees after a run, asked again for the tool's watch time."""
        sealed = open_seal(proposal)
        tool = self.registry.get(sealed.tool)
        parsed = tool.arguments.model_validate(sealed.arguments)
        impact = Impact(grade=DryRun(sealed.grade), before=dict(sealed.before))
        context = self._context(task, f"proposal:{proposal.id}", tool, env=sealed.env)
        return await self._runner.watch(tool, parsed, impact, context)

    def _clean(self, text: str) -> str:
        return self._redactor.text(text).text

    def _clean_object(self, value: JsonObject) -> JsonObject:
        clean, _found = self._redactor.json(dict(value))
        assert isinstance(clean, dict)
        return clean


@dataclass(frozen=True, kw_only=True)
class VoteRule:
    """Whether one person's vote counts, by today's rules; whoever wrote the values counts as their requester."""

    engine: PolicyEngine
    edited_by: str = ""

    def may_vote(
        self, voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool
    ) -> Allow | Deny:
        if self.edited_by and voter.id == self.edited_by:
            requester = voter.id
        return self.engine.may_vote(
            voter, requester=requester, group=group, tenant=tenant, allow_requester=allow_requester
        )


def _split_reasons(text: str) -> list[tuple[str, str]]:
    """("field", "reason") of each part of a BadArguments message."""
    return [(part.partition(": ")[0], part.partition(": ")[2] or part) for part in text.split("; ")]


def _sealed_obligations(obligations: tuple[Obligation, ...]) -> tuple[SealedObligation, ...]:
    return tuple(
        SealedObligation(
            rule=o.rule, count=o.count, group=o.group, allow_requester=o.allow_requester, expires_in=o.expires_in
        )
        for o in obligations
    )


def _relaxed(obligations: tuple[Obligation, ...]) -> tuple[Obligation, ...]:
    """For an undo nobody else is asked about: one of a group that could approve, and the presser may be that one."""
    return tuple(replace(o, count=1, allow_requester=True) for o in obligations[:1])


__all__ = ["Execution", "Gateway", "InDoubt", "Ran", "Rules", "VoteRule"]
