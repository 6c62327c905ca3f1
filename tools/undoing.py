"""The inverse of a call that ran, sealed for the person who pressed Undo."""

from dataclasses import dataclass

from policy.types import Actor, Deny, NeedsApproval, Place
from storage.records import Proposal, Task
from tools.admitting import BadArguments, validate
from tools.contract import Held, ToolFailed
from tools.desk import Circumstances, Desk
from tools.errors import UnknownTool
from tools.outcomes import Denied
from tools.proposing import Draft, Proposing, relaxed
from tools.sealing import SealedCall, SealedRow, open_seal


@dataclass(frozen=True, kw_only=True)
class Undoing:
    """Seals undos. They go through the same door as any other call."""

    desk: Desk
    proposing: Proposing

    async def seal(
        self, task: Task, done: Proposal, presser: Actor, place: Place, *, by_check: bool = False
    ) -> SealedCall | Denied:
        """The inverse of a call that ran, ready to be sealed, as pressed by one person; or why not.

        `by_check`: nobody pressed; a failed check does so in the name of one who approved, if policy lets it.
        """
        was = open_seal(done)
        if was.undo is None:
            return Denied(because=("builtin:no-undo",), message="this cannot be undone")
        try:
            tool = self.desk.registry.get(was.undo.tool)
            call = validate(tool, dict(was.undo.arguments))
            impact = await self.desk.preview(tool, call.parsed, self.desk.context(task, f"undo:{done.id}", env=was.env))
        except (UnknownTool, BadArguments, ToolFailed) as error:
            message = self.desk.cleaner.text(f"the undo cannot run now: {error}")
            return Denied(because=("builtin:undo-check",), message=message)
        around = Circumstances(
            task=task, requester=presser, place=place, reason_code=was.reason_code, undo=True, by_check=by_check
        )
        judged = await self.desk.judge(tool, call, impact, around)
        if isinstance(judged.decision, Deny):
            hint = f"; {judged.decision.hint}" if judged.decision.hint else ""
            message = f"policy does not allow the undo ({', '.join(judged.decision.because)}){hint}"
            return Denied(because=judged.decision.because, message=message)
        moved = () if by_check else await self._changed_since(task, done, was)
        if isinstance(judged.decision, NeedsApproval):
            obligations = judged.decision.obligations
        else:
            obligations = relaxed(was.policy_obligations(), presser.groups)
        sealed = await self.proposing.seal(
            Draft(
                task=task,
                call_id=f"undo-{done.id[:12]}",
                kind="undo",
                tool=tool,
                call=call,
                judged=judged,
                requester=presser.id,
                channel=place.id,
                reason_code=was.reason_code,
                skill=was.skill,
                obligations=obligations,
                rules=judged.decision.because,
                undoes=done.id,
            )
        )
        return sealed.model_copy(update={"moved": moved})

    async def _changed_since(self, task: Task, done: Proposal, was: SealedCall) -> tuple[SealedRow, ...]:
        """What the check after the run saw and sees no more: somebody changed it since, and that would be lost."""
        if done.verified != Held.YES:
            return ()
        try:
            tool = self.desk.registry.get(was.tool)
            call = validate(tool, dict(was.arguments))
        except (UnknownTool, BadArguments):
            return ()
        context = self.desk.context(task, f"undo:{done.id}", env=was.env)
        seen = await self.desk.runner.verify(tool, call.parsed, was.impact(), context)
        if seen.held is not Held.NO:
            return ()
        return (SealedRow(label="what its check sees", before=done.outcome, after=seen.says),)
