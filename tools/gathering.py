"""Several calls of one turn: those that people would be asked about one after the other are sealed as one plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.types import Allow, NeedsApproval, Obligation, Tier
from storage import halts, intents
from tools import planning
from tools.admitting import BadArguments, validate
from tools.contract import ToolFailed
from tools.desk import Circumstances, Desk
from tools.errors import UnknownTool
from tools.granting import Granting
from tools.judging import Judgement
from tools.limits import Earlier, look_back, out_of_scope, too_many
from tools.outcomes import Waiting
from tools.proposing import Proposing
from tools.requests import RequestedCall, Then
from tools.sealing import SealedCall
from tools.tracing import off_plan, out_of_reach, traced


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """Makes plans. A call that cannot stand in one, for whatever reason, is left to the gateway's ordinary way."""

    desk: Desk
    proposing: Proposing
    granting: Granting

    async def plan(self, calls: Sequence[RequestedCall], then: Then) -> Waiting | None:
        """Seal the first calls as one plan and park it; None when fewer than two of them go together.

        It stops at the first that does not fit: nothing is put before a call that was asked for earlier.
        """
        fitting: list[SealedCall] = []
        replaces: str | None = None
        for call in calls:
            found = await self._sealed(call, fitting)
            if found is None:
                break
            sealed, earlier = found
            fitting.append(sealed)
            replaces = replaces or earlier.replaced_plan
        if len(fitting) < 2:
            return None
        plan = planning.bind(fitting, supersedes=replaces)
        async with self.desk.db.write() as tx:
            whole = await planning.store(tx, self.proposing, calls[0].task, plan)
            await then.parked(tx, whole)
        return Waiting(proposal_id=whole.id)

    async def _sealed(self, call: RequestedCall, beside: list[SealedCall]) -> tuple[SealedCall, Earlier] | None:
        """The call as people would be asked about it, or None when it does not go together with the others."""
        try:
            tool = self.desk.registry.get(call.tool)
            admitted = validate(tool, call.arguments)
        except (UnknownTool, BadArguments):
            return None
        if tool.manifest.tier is not Tier.REVERSIBLE or call.task.dry_run or out_of_scope(call) is not None:
            return None
        if off_plan(tool, call, admitted) is not None or out_of_reach(tool, admitted) is not None:
            return None
        async with self.desk.db.read() as tx:
            started = await intents.find(tx, call.task.tenant, call.key)
            earlier = await look_back(tx, call, admitted.arguments, admitted.target)
            halt = await halts.standing(tx, call.task.tenant)
        if halt is not None or started is not None or earlier.open is not None or earlier.refusal is not None:
            return None
        if too_many(call, earlier, beside=len(beside)) is not None:
            return None
        try:
            context = self.desk.context(call.task, call.key, env=admitted.target.env)
            impact = await self.desk.preview(tool, admitted.parsed, context)
        except ToolFailed:
            return None
        around = Circumstances(
            task=call.task,
            requester=call.requester,
            place=call.place,
            reason_code=call.reason_code,
            trust=traced(tool, call).trust,
        )
        judged = await self.desk.judge(tool, admitted, impact, around)
        owed = _owed(judged, earlier)
        if owed is None:
            return None
        sealed = await self.proposing.seal(self.proposing.draft(call, tool, admitted, judged, owed, earlier))
        if not planning.fits(sealed, beside) or await self.granting.covering(sealed) is not None:
            return None
        return sealed, earlier


def _owed(judged: Judgement, earlier: Earlier) -> tuple[Obligation, ...] | None:
    match judged.decision:
        case NeedsApproval(obligations=obligations):
            return obligations
        case Allow() if earlier.replaced is not None:  # as the gateway: an edit does not end that people are asked
            return earlier.replaced.policy_obligations()
        case _:
            return None
