"""Running one call once: intent row, tool, redaction, evidence, outcome row. Also what a crash in between means."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from opentelemetry import trace
from pydantic import BaseModel

from policy.types import Tier
from storage import audit, evidence, grants, halts, intents
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.records import Intent, IntentState, JsonObject, NewIntent
from tools.cleaning import Cleaner
from tools.contract import Held, Impact, Tool, ToolContext, ToolFailed, Verified, answered
from tools.errors import Expired, GrantEnded
from tools.outcomes import Failed, Halted, InDoubt, Overtaken, Ran
from tools.requests import Then

_tracer = trace.get_tracer("ops_autopilot.tools")

ATTEMPTS = 3
"""runs of an idempotent tool whose answer got lost, all with one idempotency key"""
RESULT_LIMIT = 60_000
"""characters of a result that go into the transcript; the evidence keeps all of it"""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One ledger line to be run: the intent's fields with the typed call they describe."""

    new: NewIntent
    tool: Tool
    arguments: BaseModel
    impact: Impact | None
    context: ToolContext
    grant_id: str | None = None
    """the standing grant that is used up by one when this begins"""
    not_after: float | None = None
    """until when it may begin: seconds since the epoch, by the database's clock"""
    otherwise: bool = False
    """today's tool reads the sealed values otherwise than the one that began; neither its run nor its check fits"""
    overtaken: Callable[[Tx], Awaitable[bool]] | None = None
    """asked where the intent is written: whether what began meanwhile (on any replica) changes the decision"""


class Runner:
    """Runs calls that were allowed. Nothing else in this project calls a tool's `run`."""

    def __init__(self, db: Database, cleaner: Cleaner) -> None:
        self._db = db
        self._clean = cleaner
        self._at_work: set[tuple[str, str]] = set()

    async def run(self, line: Line, then: Then) -> Ran | Failed | InDoubt | Halted | Overtaken:
        """Run a call once, however often this is asked: the intent's unique key remembers.

        A write is not begun where a halt stands: that is read in the transaction that would begin it.

        Raises:
            Expired: its time was over before it could begin.
            GrantEnded: the grant it was approved by has no use left.
            Stopped: a person stopped the task before this began.
            LostRace: another worker, or this one before its lease ran out, is at it.
        """
        key = (line.new.tenant, line.new.key)
        if key in self._at_work:  # our own lease ran out under a call still on its way: its answer may yet come
            raise LostRace("call", line.new.key)
        self._at_work.add(key)
        try:
            return await self._once(line, then)
        finally:
            self._at_work.discard(key)

    async def _once(self, line: Line, then: Then) -> Ran | Failed | InDoubt | Halted | Overtaken:
        async with self._db.write() as tx:
            reads = line.tool.manifest.tier is Tier.READ
            halt = None if reads else await halts.at_dispatch(tx, line.new.tenant)
            intent = await intents.find(tx, line.new.tenant, line.new.key)
            if intent is None:
                if halt is not None:
                    return Halted(message=str(halt))
                then.check_lease()
                if line.overtaken is not None:
                    await intents.one_at_a_time(tx, line.new.tenant)
                    if await line.overtaken(tx):
                        return Overtaken()
                if line.grant_id is not None:
                    used = await grants.use(tx, line.new.tenant, line.grant_id)
                    if used is None:
                        raise GrantEnded
                    await self._note(tx, line, "grant_used", {"grant": used.id, "used": used.used, "of": used.most})
                intent = await intents.begin(tx, line.new)
                if line.not_after is not None and intent.started_at >= line.not_after:
                    raise Expired
                await self._note(tx, line, "call_started", {"input": line.new.input, "rules": list(line.new.rules)})
                await then.running(tx)
                fresh = True
            else:
                fresh = False
        if fresh:
            return await self._run(line, intent, then)
        return await self._resume(line, intent, then, halted=str(halt) if halt is not None else "")

    async def _resume(self, line: Line, intent: Intent, then: Then, *, halted: str) -> Ran | Failed | InDoubt:
        """An intent of an earlier life: its outcome, a second run under the same key, or a doubt for a person."""
        if (before := ended_as(intent)) is not None:
            return await self._settle_again(before, then)
        if halted:  # sending it again would be a write; looking whether it took is none
            return await self._doubt(line, intent, then, f"the worker died while it ran, and now it is {halted}")
        if line.otherwise:
            died = "the worker died while it ran, and the tool reads its values otherwise now"
            return await self._doubt(line, intent, then, died)
        if line.tool.manifest.tier is Tier.READ or line.tool.manifest.idempotent:
            return await self._run(line, intent, then, again=True)
        return await self._doubt(line, intent, then, "the worker died while it ran")

    async def _settle_again(self, outcome: Ran | Failed | InDoubt, then: Then) -> Ran | Failed | InDoubt:
        async with self._db.write() as tx:
            await then.settled(tx, outcome)
        return outcome

    async def _run(self, line: Line, intent: Intent, then: Then, *, again: bool = False) -> Ran | Failed | InDoubt:
        """`again`: an earlier life began it, too, and whether that did anything is not known."""
        tool = line.tool
        # "Not found" is no failure when the try before, whose answer was lost, may be why it is gone.
        unsure = again and tool.manifest.tier is not Tier.READ
        attempts = ATTEMPTS if tool.manifest.idempotent else 1
        for attempt in range(1, attempts + 1):
            then.check_lease()
            try:
                with _tracer.start_as_current_span(f"execute_tool {tool.name}", attributes=_seen(line)):
                    async with asyncio.timeout(tool.manifest.timeout_seconds):
                        result = await tool.run(line.arguments, line.context)
            except TimeoutError:
                lost = f"{tool.name} did not answer within {tool.manifest.timeout_seconds:g} s"
                failed = ToolFailed(lost, effect_possible=tool.manifest.tier is not Tier.READ, reason="timeout")
            except ToolFailed as error:
                failed = error
            except Exception as error:
                # A tool that breaks its contract may have done anything; a read at worst did nothing.
                text = f"{tool.name} broke: {type(error).__name__}: {self._clean.text(str(error))[:300]}"
                failed = ToolFailed(text, effect_possible=tool.manifest.tier is not Tier.READ, reason="broken")
            else:
                return await self._ran(line, intent, result, then)
            unsure = unsure or failed.effect_possible
            if not unsure:
                return await self._failed(line, intent, failed, then)
            if attempt < attempts:
                await asyncio.sleep(0.2 * attempt)
                if await self._halted(line):
                    break
        return await self._doubt(line, intent, then, self._clean.text(str(failed)))

    async def _halted(self, line: Line) -> bool:
        if line.tool.manifest.tier is Tier.READ:
            return False
        async with self._db.read() as tx:
            return await halts.standing(tx, line.new.tenant) is not None

    async def _ran(self, line: Line, intent: Intent, result: JsonObject, then: Then) -> Ran:
        clean = self._clean.json(result)
        finding = self._clean.text(await _finding(line, clean))
        async with self._db.write() as tx:
            kept = await evidence.keep(
                tx,
                tenant=line.new.tenant,
                task_id=line.new.task_id,
                tool=line.tool.name,
                label=finding or self._clean.text(_title(line)),
                content=clean,
            )
            outcome = Ran(result=_within(clean), finding=finding, evidence=kept)
            await intents.finish(tx, intent, IntentState.RAN, outcome=finding, output=outcome.result, evidence=kept)
            await self._note(tx, line, "executed", {"evidence": kept, "finding": finding})
            await then.settled(tx, outcome)
        return outcome

    async def _failed(self, line: Line, intent: Intent, failed: ToolFailed, then: Then) -> Failed:
        message = self._clean.text(str(failed))
        outcome = Failed(message=message, reason=failed.reason)
        async with self._db.write() as tx:
            await intents.finish(tx, intent, IntentState.FAILED, outcome=message)
            await self._note(tx, line, "failed", {"message": message, "reason": failed.reason})
            await then.settled(tx, outcome)
        return outcome

    async def _doubt(self, line: Line, intent: Intent, then: Then, why: str) -> Ran | InDoubt:
        """Ask the tool whether it took. Only a clear yes ends the doubt: a "no" may be a call still on its way."""
        seen = Verified(held=Held.UNKNOWN, says="")
        if not line.otherwise:
            seen = await self.verify(line.tool, line.arguments, line.impact, line.context)
        if seen.held is Held.YES:
            async with self._db.write() as tx:
                kept = await evidence.keep(
                    tx,
                    tenant=line.new.tenant,
                    task_id=line.new.task_id,
                    tool=line.tool.name,
                    label=seen.says,
                    content=dict(seen.data),
                )
                ran = Ran(result=dict(seen.data), finding=seen.says, evidence=kept, verified=seen)
                await intents.finish(
                    tx, intent, IntentState.RAN, outcome=seen.says, output=dict(seen.data), evidence=kept
                )
                await self._note(tx, line, "executed", {"evidence": kept, "found_by": "verify", "after": why})
                await then.settled(tx, ran)
            return ran
        message = f"{why}; whether it took cannot be told from here ({seen.says or 'the tool has no check'})"
        doubt = InDoubt(message=message)
        async with self._db.write() as tx:
            await intents.finish(tx, intent, IntentState.IN_DOUBT, outcome=message)
            await self._note(tx, line, "in_doubt", {"message": message})
            await then.settled(tx, doubt)
        return doubt

    async def verify(self, tool: Tool, arguments: BaseModel, impact: Impact | None, context: ToolContext) -> Verified:
        """What the tool's own check sees now; never raises."""
        if tool.verify is None:
            return Verified(held=Held.UNKNOWN, says="")
        try:
            async with asyncio.timeout(tool.manifest.timeout_seconds):
                seen = await tool.verify(arguments, impact, context)
        except Exception as error:  # tools are others' code; a check that breaks has seen nothing
            what = str(error) or type(error).__name__
            return Verified(held=Held.UNKNOWN, says=self._clean.text(f"the check failed: {what}")[:400])
        return Verified(held=seen.held, says=self._clean.text(seen.says), data=self._clean.json(dict(seen.data)))

    async def _note(self, tx: Tx, line: Line, event: str, body: JsonObject) -> None:
        full: JsonObject = {"tool": line.tool.name, "intent": line.new.key, "reason_code": line.new.reason_code, **body}
        await audit.append(
            tx,
            line.new.tenant,
            f"ops.agent_task.{event}",
            task_id=line.new.task_id,
            correlation_id=line.new.correlation_id,
            body=full,
        )


def ended_as(intent: Intent) -> Ran | Failed | InDoubt | None:
    """What came of a call, as its line says; None while it has no outcome."""
    match intent.state:
        case IntentState.RAN:
            return Ran(result=intent.output or {}, finding=intent.outcome, evidence=intent.evidence or "")
        case IntentState.FAILED | IntentState.DROPPED:
            return Failed(message=intent.outcome, reason="failed before")
        case IntentState.IN_DOUBT:
            return InDoubt(message=intent.outcome)
        case IntentState.STARTED:
            return None


def _seen(line: Line) -> dict[str, str]:
    """Span attributes by the GenAI conventions; never arguments or results."""
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": line.tool.name,
        "gen_ai.tool.call.id": line.new.key,
        "ops.correlation_id": line.new.correlation_id,
    }


async def _finding(line: Line, result: JsonObject) -> str:
    try:
        return await answered(line.tool.finding(line.arguments, result))
    except Exception as error:  # a sentence about the result must not undo the result
        return f"(no summary: {type(error).__name__})"


def _title(line: Line) -> str:
    try:
        return line.tool.title(line.arguments)
    except Exception:  # as in _finding
        return line.tool.name


def _within(result: JsonObject) -> JsonObject:
    text = str(result)
    if len(text) <= RESULT_LIMIT:
        return result
    return {"too_long": True, "characters": len(text), "start": text[:RESULT_LIMIT]}
