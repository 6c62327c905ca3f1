"""What the gateway writes down of a call: the ledger line before it runs, and each end that is not a run."""

from dataclasses import dataclass, replace

from policy.types import Tier
from storage import audit, intents
from storage.db import Tx
from storage.records import Intent, IntentState, JsonObject, NewIntent, Task
from tools.admitting import Admitted
from tools.contract import Impact, Tool, ToolContext
from tools.desk import Desk
from tools.outcomes import Denied, Failed, InDoubt, Previewed, Ran, Refused
from tools.requests import RequestedCall, Then
from tools.running import Line, ended_as
from tools.sealing import SealedCall


@dataclass(frozen=True, kw_only=True)
class Book:
    """Writes for the gateway; each entry in one transaction with the caller's part."""

    desk: Desk

    def line_of_call(
        self, call: RequestedCall, tool: Tool, admitted: Admitted, rules: tuple[str, ...], context: ToolContext
    ) -> Line:
        """The ledger line of a call that may run without people."""
        new = NewIntent(
            key=call.key,
            tenant=call.task.tenant,
            task_id=call.task.id,
            invoked_by=call.task.requester,
            skill=call.skill,
            tool=tool.name,
            tool_version=self.desk.registry.version(tool.name),
            tier=tool.manifest.tier,
            approved_by=[],
            dry_run=call.task.dry_run,
            reason_code=call.reason_code,
            rules=list(rules),
            input=self.desk.cleaner.json(admitted.arguments),
            idempotency_key=context.idempotency_key,
            correlation_id=call.task.correlation_id,
            agent_version=call.task.agent_version,
            policy_version=self.desk.rules.engine.version,
            env=admitted.target.env,
            target=f"{admitted.target.kind} {admitted.target.id}",
        )
        return Line(new=new, tool=tool, arguments=admitted.parsed, impact=None, context=context)

    def line_of_proposal(
        self, key: str, task: Task, sealed: SealedCall, tool: Tool, admitted: Admitted, approvers: list[str]
    ) -> Line:
        """The ledger line of a call that people approved."""
        context = self.desk.context(task, key, env=sealed.env)
        new = NewIntent(
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
            input=self.desk.cleaner.json(dict(sealed.arguments)),
            idempotency_key=context.idempotency_key,
            correlation_id=task.correlation_id,
            agent_version=sealed.agent_version,
            policy_version=self.desk.rules.engine.version,
            env=admitted.target.env,
            target=f"{admitted.target.kind} {admitted.target.id}",
        )
        return Line(new=new, tool=tool, arguments=admitted.parsed, impact=sealed.impact(), context=context)

    async def refuse(self, call: RequestedCall, denied: Denied, then: Then) -> Denied:
        """Audit that a requested call was denied."""
        denied = replace(denied, message=self.desk.cleaner.text(denied.message))
        async with self.desk.db.write() as tx:
            body: JsonObject = {
                "tool": self.desk.cleaner.text(call.tool)[:100],
                "rules": list(denied.because),
                "message": denied.message[:500],
                "requester": call.task.requester,
            }
            await self._note(tx, call.task, "denied", body)
            await then.settled(tx, denied)
        return denied

    async def fail(self, call: RequestedCall, failed: Failed, then: Then) -> Failed:
        """Audit that a requested call failed before it could run."""
        async with self.desk.db.write() as tx:
            body: JsonObject = {"tool": call.tool, "message": failed.message[:500], "before_run": True}
            await self._note(tx, call.task, "failed", body)
            await then.settled(tx, failed)
        return failed

    async def preview(self, call: RequestedCall, admitted: Admitted, shown: Previewed, then: Then) -> Previewed:
        """Audit what a dry run showed."""
        async with self.desk.db.write() as tx:
            body: JsonObject = {
                "tool": call.tool,
                "input": self.desk.cleaner.json(admitted.arguments),
                "would": shown.would,
                "says": self.desk.cleaner.text(shown.says),
            }
            await self._note(tx, call.task, "previewed", body)
            await then.settled(tx, shown)
        return shown

    async def settle(
        self, task: Task, outcome: Refused | Failed, then: Then, more: JsonObject | None = None
    ) -> Refused | Failed:
        """Audit that an approved call did not run, and what `more` says of it (redacted)."""
        rules = list(outcome.because) if isinstance(outcome, Refused) else []
        async with self.desk.db.write() as tx:
            event = "refused" if isinstance(outcome, Refused) else "failed"
            body: JsonObject = {"proposal": task.proposal_id, "message": outcome.message[:500], "rules": [*rules]}
            await self._note(tx, task, event, body | (more or {}))
            await then.settled(tx, outcome)
        return outcome

    async def leave(
        self, task: Task, begun: Intent, why: str, then: Then, more: JsonObject | None = None
    ) -> Ran | Failed | InDoubt:
        """What came of a call that an earlier life began and that nobody here can go on with; `why` says so.

        Without an outcome on record a change is in doubt, also where its tool is gone: it may have run.
        """
        message = self.desk.cleaner.text(f"the worker died while it ran, and {why}")
        looked = begun.tier == Tier.READ
        left = Failed(message=message, reason="withdrawn") if looked else InDoubt(message=f"{message}; it may have run")
        outcome = ended_as(begun) or left
        async with self.desk.db.write() as tx:
            if outcome is left:
                ends_as = IntentState.FAILED if looked else IntentState.IN_DOUBT
                await intents.finish(tx, begun, ends_as, outcome=left.message)
                body: JsonObject = {"tool": begun.tool, "intent": begun.key, "message": left.message[:500]}
                await self._note(tx, task, "failed" if looked else "in_doubt", body | (more or {}))
            await then.settled(tx, outcome)
        return outcome

    async def _note(self, tx: Tx, task: Task, event: str, body: JsonObject) -> None:
        await audit.append(
            tx,
            task.tenant,
            f"ops.agent_task.{event}",
            task_id=task.id,
            correlation_id=task.correlation_id,
            body=body,
        )


def with_impact(line: Line, impact: Impact | None) -> Line:
    """The line with what was seen of the target right before the run."""
    percent = max((one.percent for one in impact.counted), default=0) if impact else 0
    return replace(line, impact=impact, new=replace(line.new, blast=percent))
