"""A person's new values for a waiting call, and a fresh look at what it would do."""

from dataclasses import dataclass

from policy.types import Actor, Allow, Deny
from storage.records import Task
from tools.admitting import Admitted, BadArguments, validate
from tools.contract import Counted, Impact, JsonObject, ToolFailed
from tools.desk import Circumstances, Desk
from tools.manifest import DryRun
from tools.sealing import SealedCall, fingerprint


@dataclass(frozen=True, kw_only=True)
class Editing:
    """Checks edits; never stores one."""

    desk: Desk

    def may_edit(self, sealed: SealedCall, editor: Actor) -> bool:
        """Whether this person may change the values: whoever asked, and whoever may be asked about it."""
        if sealed.kind != "call" or editor.is_bot or editor.tenant != sealed.tenant:
            return False
        return editor.id == sealed.requester or any(
            isinstance(
                self.desk.rules.engine.may_vote(
                    editor, requester=None, group=o.group, tenant=sealed.tenant, allow_requester=True
                ),
                Allow,
            )
            for o in sealed.policy_obligations()
        )

    async def check(
        self, task: Task, sealed: SealedCall, arguments: JsonObject, editor: Actor
    ) -> tuple[tuple[str, str], ...]:
        """What is wrong with the new values, as (field, reason); () when they may be proposed.

        The blast radius is the one of the old values; the new proposal is previewed and decided on its own.
        """
        tool = self.desk.registry.get(sealed.tool)
        try:
            call = validate(tool, arguments)
        except BadArguments as error:
            return tuple(_split_reasons(self.desk.cleaner.text(str(error))))
        impact = Impact(
            grade=DryRun(sealed.grade),
            before=dict(sealed.before),
            counted=tuple(Counted(count=c.count, unit=c.unit, of=c.of) for c in sealed.counted),
        )
        around = Circumstances(
            task=task,
            requester=editor,
            place=await self.desk.place(task.tenant, sealed.channel),
            reason_code=sealed.reason_code,
        )
        judged = await self.desk.judge(tool, call, impact, around)
        if not isinstance(judged.decision, Deny):
            return ()
        changed = _changed(sealed, call)
        field = changed[0] if changed else next(iter(call.arguments), "arguments")
        hint = judged.decision.hint or "the rules do not allow this value"
        return ((field, f"{hint} ({', '.join(judged.decision.because)})"),)

    async def preview_again(self, task: Task, sealed: SealedCall) -> str:
        """What a sealed call would do at this moment, in one sentence; nothing changes."""
        tool = self.desk.registry.get(sealed.tool)
        try:
            call = validate(tool, dict(sealed.arguments))
            impact = await self.desk.preview(
                tool, call.parsed, self.desk.context(task, f"look:{task.id}", env=sealed.env)
            )
        except (BadArguments, ToolFailed) as error:
            return self.desk.cleaner.text(f"The dry run failed: {error}.")
        if impact is None:
            declared = ", ".join(tool.manifest.side_effects) or "nothing"
            return (
                f"Dry run ({DryRun.SIMULATED.words}), nothing changed; what {tool.name} declares it does: {declared}."
            )
        same = fingerprint(impact) == sealed.fingerprint
        would = ", ".join(f"{c.label}: {c.before} → {c.after}" for c in impact.changes) or "nothing would change"
        how = "is as it was when" if same else "has changed since"
        return f"Dry run ({impact.grade.words}), nothing changed: {would}; the target {how} this was proposed."


def _changed(sealed: SealedCall, call: Admitted) -> list[str]:
    return [name for name, value in call.arguments.items() if sealed.arguments.get(name) != value]


def _split_reasons(text: str) -> list[tuple[str, str]]:
    """("field", "reason") of each part of a BadArguments message."""
    return [(part.partition(": ")[0], part.partition(": ")[2] or part) for part in text.split("; ")]
