"""Runs a skill as the rules brain walks it, with each call run at once on the real database: people who say yes."""

import json
from dataclasses import dataclass, field
from typing import Any

from bot.brains.base import Alert, CallResult, Saying, SkillEnded
from bot.brains.walk import Asked, Walk
from policy.types import Tier
from storage.canonical import canonical
from tests.tools.postgres.conftest import CONTEXT, Ops
from tools.admitting import validate
from tools.contract import Held, ToolFailed
from tools.playbooks.library import SHIPPED, Library, find


def library_of(ops: Ops) -> Library:
    return find([SHIPPED], ops.tools)


@dataclass(kw_only=True)
class Ran:
    """One run, to its end."""

    said: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    ended: SkillEnded | None = None

    @property
    def output(self) -> dict[str, Any]:
        assert self.ended is not None
        return dict(self.ended.output)


async def run(ops: Ops, library: Library, name: str, **given: Any) -> Ran:
    """Walk the skill to its end."""
    book = library.playbooks()[name]
    inputs = {key: spec.take(given.get(key, spec.default)) for key, spec in book.inputs.items()}
    results: dict[str, CallResult] = {}
    ran = Ran()
    while True:
        acts = Walk(library, results, "prod").fresh(name, inputs)
        ran.said += [act.delta for act in acts if isinstance(act, Saying)]
        ran.alerts += [act.text for act in acts if isinstance(act, Alert)]
        asked = [call for act in acts if isinstance(act, Asked) for call in act.calls]
        if not asked:
            [ran.ended] = [act for act in acts if isinstance(act, SkillEnded) and act.path == ""]
            return ran
        for call in asked:
            results[call.call_id] = await _result(ops, ran, call)


async def _result(ops: Ops, ran: Ran, call: Any) -> CallResult:
    tool = ops.tools[call.tool]
    arguments = {name: value for name, value in call.arguments.items() if name not in ("reason_code", "why")}
    status, content = "ran", {}
    try:
        args = validate(tool, arguments).parsed
        impact = await tool.preview(args, CONTEXT) if tool.preview else None
        content = await tool.run(args, CONTEXT)
        if tool.manifest.tier is not Tier.READ:
            ran.changed.append(tool.name)
            ran.reasons.append(str(call.arguments["why"]))
            if tool.verify is not None:
                seen = await tool.verify(args, impact, CONTEXT)
                assert seen.held is not Held.NO, tool.name
                content = {**content, "verified": {"held": seen.held.value, "says": seen.says}}
    except ToolFailed as error:
        status, content = "failed", {"message": str(error)}
    kept = json.loads(canonical(content))  # as between two turns: 10.0 comes back as 10
    return CallResult(call_id=call.call_id, tool=call.tool, status=status, content=kept)
