"""Sealing a call for people and keeping it, with the undo that was rehearsed for it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from policy.redaction import MASK
from policy.types import Obligation, StepUp
from policy.waiting import Plan, WaitingTable, Waits, planned
from storage import audit, proposals, reminders
from storage.db import Tx
from storage.records import JsonObject, Proposal, Reminder, Task
from tools.admitting import Admitted, BadArguments, validate
from tools.contract import Impact, Tool, ToolFailed, answered
from tools.desk import Desk
from tools.errors import UnknownTool
from tools.judging import Judgement
from tools.limits import Earlier
from tools.manifest import DryRun
from tools.requests import RequestedCall
from tools.sealing import SealedCall, SealedEvidence, SealedObligation, SealedUndo, counts, fingerprint, rows, seal
from tools.tracing import NOTHING_TRACED, Traced, slots, traced

log = logging.getLogger(__name__)

UNDO_LIFE = 4 * 3600
"""seconds a call without obligations of its own (a pressed Undo) may wait"""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A judged call with all that people will decide on, before it is sealed."""

    task: Task
    call_id: str
    tool: Tool
    call: Admitted
    judged: Judgement
    requester: str
    channel: str
    reason_code: str
    obligations: tuple[Obligation, ...]
    rules: tuple[str, ...]
    kind: str = "call"
    skill: str = ""
    why: str = ""
    editors: tuple[str, ...] = ()
    traced: Traced = NOTHING_TRACED
    evidence: tuple[SealedEvidence, ...] = ()
    undoes: str | None = None
    supersedes: str | None = None


@dataclass(frozen=True, kw_only=True)
class Proposing:
    """Makes proposals. What people see and what runs are the same bytes."""

    desk: Desk

    def draft(
        self,
        call: RequestedCall,
        tool: Tool,
        admitted: Admitted,
        judged: Judgement,
        obligations: tuple[Obligation, ...],
        earlier: Earlier,
    ) -> Draft:
        """What a brain asked for, as people will be asked about it."""
        clean = self.desk.cleaner
        return Draft(
            task=call.task,
            call_id=call.call_id,
            tool=tool,
            call=admitted,
            judged=judged,
            requester=call.task.requester,
            channel=call.place.id,
            reason_code=call.reason_code,
            skill=clean.text(call.skill),
            why=clean.text(call.why)[:600],
            editors=earlier.editors,
            traced=traced(tool, call),
            evidence=tuple(call.evidence),
            obligations=obligations,
            rules=judged.decision.because,
            supersedes=earlier.replaced_id,
        )

    async def seal(self, draft: Draft) -> SealedCall:
        """The call in its sealed form; nothing is stored yet."""
        judged, impact, tool = draft.judged, draft.judged.impact, draft.tool
        now = await self.desk.now()
        # An undo is not undone by one press: going forward again asks those who were asked the first time.
        undo = await self.rehearse(draft.task, tool, draft.call, impact) if draft.kind == "call" else None
        return SealedCall.model_validate(
            {
                "tenant": draft.task.tenant,
                "task": draft.task.id,
                "call": draft.call_id,
                "kind": draft.kind,
                "channel": draft.channel,
                "requester": draft.requester,
                "editors": draft.editors,
                "tool": tool.name,
                "arguments": draft.call.arguments,
                "origins": draft.traced.untrusted,
                "sources": draft.traced.sources,
                "guesses": draft.traced.guesses,
                "asked": self.desk.cleaner.text(draft.traced.asked),
                "label": draft.traced.label,
                "target_kind": judged.target.kind,
                "target_id": judged.target.id,
                "env": judged.target.env,
                "reason_code": draft.reason_code,
                "skill": draft.skill,
                "why": draft.why,
                "evidence": draft.evidence,
                "undo": undo and undo.model_copy(update={"rehearsed_at": now}),
                "undoes": draft.undoes,
                "supersedes": draft.supersedes,
                "moved": (),
                "agent": draft.task.agent,
                "agent_version": draft.task.agent_version,
                **self.as_judged(tool, draft.call, judged),
                **lifetime(draft.obligations, now, self._plan(draft).expires),
                "rules": draft.rules,
            }
        )

    def _plan(self, draft: Draft) -> Plan:
        tool, target = draft.tool, draft.judged.target
        rules = [one.rule for one in draft.obligations]
        return self.desk.rules.waiting.plan(
            Waits(rules=rules, tool=tool.name, tier=tool.manifest.tier, env=target.env, reason=draft.reason_code)
        )

    def as_judged(self, tool: Tool, call: Admitted, judged: Judgement) -> dict[str, object]:
        """The sealed fields that today's tool, target and rules determine."""
        impact = judged.impact
        return {
            "tool_version": self.desk.registry.version(tool.name),
            "tier": tool.manifest.tier,
            "says": tool.says(call.parsed),
            "verb": tool.manifest.verb or "run",
            "fingerprint": fingerprint(impact),
            "before": dict(impact.before) if impact else {},
            "changes": rows(impact.changes) if impact else (),
            "counted": counts(impact.counted) if impact else (),
            "grade": impact.grade if impact else DryRun.SIMULATED,
            "risk": judged.risk.score,
            "risk_parts": tuple((p.label, p.points) for p in judged.risk.parts),
            "autonomy": judged.autonomy,
            "rules": judged.decision.because,
            "policy_version": judged.policy_version,
        }

    async def store(
        self, tx: Tx, task: Task, sealed: SealedCall, *, plan_id: str | None = None, place: int = 0
    ) -> Proposal:
        """Keep a sealed call and say so in the audit log, in the caller's transaction."""
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
            undoes=sealed.undoes,
            plan_id=plan_id,
            place=place,
        )
        if plan_id is None:  # people are reminded of the plan, not of each of its calls
            await reminders.plan(tx, _reminders(proposal, sealed, plan_of(self.desk.rules.waiting, sealed)))
        body: JsonObject = {
            "proposal": proposal_id,
            "plan": plan_id,
            "says": self.desk.cleaner.text(sealed.says),
            "tool": sealed.tool,
            "risk": sealed.risk,
            "rules": list(sealed.rules),
            "supersedes": sealed.supersedes,
            "undoes": sealed.undoes,
            "agent_version": sealed.agent_version,
            "policy_version": sealed.policy_version,
        }
        await audit.append(
            tx,
            task.tenant,
            "ops.agent_task.proposed_action",
            task_id=task.id,
            correlation_id=task.correlation_id,
            body=body,
        )
        return proposal

    async def rehearse(self, task: Task, tool: Tool, call: Admitted, impact: Impact | None) -> SealedUndo | None:
        """The inverse call, previewed against the live target: a card may only promise an undo that was rehearsed."""
        if tool.undo is None or impact is None:
            return None
        try:
            inverse = await answered(tool.undo(call.parsed, impact))
            if inverse is None:
                return None
            other = self.desk.registry.get(inverse.tool)
            back = validate(other, inverse.arguments)
            if masked := [slot for slot, value in slots(back.arguments) if MASK.search(str(value))]:
                # What was there before is not known whole, and going back to a mask would destroy it.
                log.warning("an undo would write a mask", extra={"tool": tool.name, "slots": masked})
                return None
            context = self.desk.context(task, f"rehearsal:{task.id}", env=back.target.env)
            seen = await self.desk.preview(other, back.parsed, context)
            says = other.says(back.parsed)
        except (UnknownTool, BadArguments, ToolFailed) as error:
            log.warning(
                "an undo failed its rehearsal", extra={"tool": tool.name, "why": self.desk.cleaner.text(str(error))}
            )
            return None
        except Exception as error:  # the tool's own code; the card then promises no undo
            log.warning("an undo broke", extra={"tool": tool.name, "why": type(error).__name__})
            return None
        if seen is None:
            return None
        return SealedUndo(
            tool=other.name,
            arguments=back.arguments,
            says=says,
            rehearsed_at=0.0,
            objects=max(1, len(impact.changes)),
            # An inverse is made of what a preview said. One that would touch something else is for people to press.
            by_check=tool.manifest.on_failed_check == "undo" and tool.verify is not None and back.target == call.target,
        )


def lifetime(obligations: tuple[Obligation, ...], now: float, most: float | None = None) -> dict[str, object]:
    """What is owed, since when, and until when it may be given (seconds since the epoch); `most` only shortens it."""
    life: float = min((o.expires_in for o in obligations), default=UNDO_LIFE)
    if most is not None:
        life = min(life, most)
    owed = tuple(
        SealedObligation(
            rule=o.rule,
            count=o.count,
            group=o.group,
            allow_requester=o.allow_requester,
            expires_in=o.expires_in,
            step_up=o.step_up,
        )
        for o in obligations
    )
    return {"obligations": owed, "proposed_at": now, "expires_at": now + life}


def plan_of(table: WaitingTable, sealed: SealedCall) -> Plan:
    """What the table in force says of a sealed call that waits."""
    rules = [one.rule for one in sealed.obligations]
    return table.plan(Waits(rules=rules, tool=sealed.tool, tier=sealed.tier, env=sealed.env, reason=sealed.reason_code))


def _reminders(proposal: Proposal, sealed: SealedCall, plan: Plan) -> Iterator[Reminder]:
    for one in planned(plan, [obligation.group for obligation in sealed.obligations]):
        yield Reminder(
            proposal_id=proposal.id,
            step=one.step,
            audience=one.audience,
            tenant=proposal.tenant,
            kind=one.kind,
            to_group=one.to,
            due_at=sealed.proposed_at + one.after,
        )


def relaxed(obligations: tuple[Obligation, ...], groups: frozenset[str]) -> tuple[Obligation, ...]:
    """For an undo nobody else is asked about: one of a group that could approve, and the presser may be that one."""
    own = next((o for o in obligations if o.group in groups), None)
    chosen = own or next(iter(obligations), None)
    # Going back must be easier than going forward: where policy asks for nobody, it asks for no second factor either.
    return () if chosen is None else (replace(chosen, count=1, allow_requester=True, step_up=StepUp.NO),)
