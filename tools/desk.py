"""What every step of the gateway works with: look at a target, ask the rules, say who is asked."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel

from policy.approval import tally
from policy.budgets import DAY
from policy.people import CannotAsk, People, unasked
from policy.types import NOTHING_KNOWN, Actor, CastVote, Obligation, Place, Tier, Trust
from storage import channels, intents, lowerings
from storage.db import Database, Tx
from storage.records import Task, Vote
from tools.admitting import Admitted
from tools.cleaning import Cleaner
from tools.contract import Change, Counted, Impact, Tool, ToolContext, ToolFailed
from tools.judging import Asking, Judgement, history, judge, spent
from tools.manifest import SENSITIVITIES
from tools.registry import Registry
from tools.rules import Rules, VoteRule
from tools.running import Runner
from tools.sealing import SealedCall


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """On whose behalf and from where a call is judged."""

    task: Task
    requester: Actor | None
    place: Place
    reason_code: str
    trust: Trust = NOTHING_KNOWN
    undo: bool = False
    by_check: bool = False
    """that undo is pressed by nobody: the check after the run failed"""


@dataclass(kw_only=True)
class Desk:
    """Shared by the gateway's parts; only `rules` ever changes, as a whole."""

    db: Database
    registry: Registry
    rules: Rules
    people: People
    cleaner: Cleaner
    runner: Runner

    async def place(self, tenant: str, channel: str) -> Place:
        """The channel with its autonomy cap: the lower one of the rules and of what admins set."""
        async with self.db.read() as tx:
            around = await channels.in_force(tx, tenant, channel)
        cap = self.rules.channel_caps.get(channel, around.autonomy)
        hears = SENSITIVITIES.index(around.hears) if around.hears in SENSITIVITIES else 0
        return Place(id=channel, tenant=tenant, max_autonomy=min(around.autonomy, cap), hears=hears)

    def context(self, task: Task, key: str, *, env: str) -> ToolContext:
        return ToolContext(
            tenant=task.tenant, correlation_id=task.correlation_id, idempotency_key=f"{task.tenant}:{key}", env=env
        )

    async def now(self) -> float:
        """The database's clock."""
        async with self.db.read() as tx:
            return await tx.time()

    async def preview(self, tool: Tool, parsed: BaseModel, context: ToolContext) -> Impact | None:
        """What the call would do, redacted; None for reads and for tools that cannot tell.

        Raises:
            ToolFailed: the look at the target failed; the message is redacted.
        """
        if tool.manifest.tier is Tier.READ or tool.preview is None:
            return None
        try:
            async with asyncio.timeout(tool.manifest.timeout_seconds):
                impact = await tool.preview(parsed, context)
        except TimeoutError:
            message = f"the preview of {tool.name} did not answer within {tool.manifest.timeout_seconds:g} s"
            raise ToolFailed(message, effect_possible=False, reason="timeout") from None
        except ToolFailed as error:
            raise ToolFailed(self.cleaner.text(str(error)), effect_possible=False, reason=error.reason) from None
        except Exception as error:  # tools are others' code; a broken look is a failed call, not a broken worker
            message = self.cleaner.text(f"the preview of {tool.name} broke: {type(error).__name__}: {error}")[:400]
            raise ToolFailed(message, effect_possible=False, reason="broken") from None
        return self._clean(impact)

    def _clean(self, impact: Impact) -> Impact:
        clean = self.cleaner
        changes = tuple(
            Change(label=clean.text(c.label), before=clean.value(c.before), after=clean.value(c.after))
            for c in impact.changes
        )
        counted = tuple(Counted(count=c.count, unit=clean.text(c.unit), of=c.of) for c in impact.counted)
        before = clean.json(dict(impact.before))
        return replace(impact, before=before, changes=changes, counted=counted, note=clean.text(impact.note))

    async def judge(self, tool: Tool, call: Admitted, impact: Impact | None, around: Circumstances) -> Judgement:
        """What policy says to one call now."""
        async with self.db.read() as tx:
            asking = await self._asking(tx, tool, around)
        return self._judged(tool, call, impact, asking)

    def overtaken(
        self, tool: Tool, call: Admitted, judged: Judgement, around: Circumstances
    ) -> Callable[[Tx], Awaitable[bool]] | None:
        """The question whether what began since makes the decision another one; None for reads."""
        if tool.manifest.tier is Tier.READ:
            return None

        async def ask(tx: Tx) -> bool:
            now = await self._asking(tx, tool, around)
            if replace(now, now=judged.asking.now) == judged.asking:
                return False
            return self._judged(tool, call, judged.impact, now).decision != judged.decision

        return ask

    def _judged(self, tool: Tool, call: Admitted, impact: Impact | None, asking: Asking) -> Judgement:
        rules = self.rules
        return judge(tool, call, impact, asking, engine=rules.engine, risks=rules.risks, autonomy=rules.autonomy)

    async def _asking(self, tx: Tx, tool: Tool, around: Circumstances) -> Asking:
        now, calls, failures, ever = await history(tx, around.task.tenant, tool.name)
        writes = tool.manifest.tier is not Tier.READ
        level_at_most = await lowerings.at_most(tx, around.task.tenant, around.task.agent, tool.name) if writes else 4
        changes = await intents.changes_since(tx, around.task.tenant, around.task.id, DAY) if writes else []
        return Asking(
            tenant=around.task.tenant,
            agent=around.task.agent,
            requester=around.requester,
            place=around.place,
            reason_code=around.reason_code,
            trust=around.trust,
            undo=around.undo,
            by_check=around.by_check,
            now=now,
            calls_1h=calls + 1,
            failures_1h=failures,
            ran_before=ever,
            task=around.task.id,
            earlier=[spent(one) for one in changes],
            level_at_most=level_at_most,
        )

    def judge_of(self, sealed: SealedCall) -> VoteRule:
        """The rule that says whose vote counts for which obligation of this call."""
        return VoteRule(engine=self.rules.engine, editors=sealed.editors)

    async def missing(
        self, tenant: str, sealed: SealedCall, owed: tuple[Obligation, ...], votes: Sequence[Vote]
    ) -> str:
        """Which of these approvals are missing by today's groups, in words; "" when all obligations are met.

        Raises:
            CannotAsk: some are missing, but perhaps only because a group's source does not answer.
        """
        cast: list[CastVote] = []
        for vote in votes:
            actor = await self.people.actor(tenant, vote.voter)
            if actor is not None:
                cast.append(CastVote(voter=actor, approve=True, stepped_up=bool(vote.stepped_up)))
        states = tally(owed, cast, requester=sealed.requester, tenant=tenant, judge=self.judge_of(sealed))
        short = [state for state in states if state.missing]
        for one in cast:
            if why := unasked(one.voter, {state.obligation.group for state in short}):
                raise CannotAsk(why)
        return ", ".join(state.in_words for state in short)
