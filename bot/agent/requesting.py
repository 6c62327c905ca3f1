"""What a brain asked for as the gateway takes it: with the mandate behind it and where every value came from."""

from collections.abc import Sequence
from typing import Final

from bot.agent import transcript
from bot.agent.definition import AgentDefinition
from bot.agent.mandating import Foresight, Mandating
from bot.agent.tracing import hears_its_thread, label, witness
from policy.mandate import Runbook, unrestricted
from policy.types import Actor, Tier
from storage import intents
from storage.db import Database
from storage.records import Step, Task
from tools.errors import UnknownTool
from tools.gateway import Gateway
from tools.requests import RequestedCall

NO_CHANGE: Final = unrestricted("looking changes nothing")


class Requesting:
    """Makes requested calls of open ones."""

    def __init__(
        self,
        *,
        db: Database,
        gateway: Gateway,
        agent: AgentDefinition,
        runbooks: Sequence[Runbook],
        foresight: Foresight | None,
    ) -> None:
        self._db, self._gateway, self._agent = db, gateway, agent
        self._mandating = Mandating(
            db=db,
            registry=gateway.registry,
            agent=agent,
            clean=gateway.clean,
            runbooks=runbooks,
            foresight=foresight,
        )

    async def call(
        self, task: Task, steps: Sequence[Step], call: transcript.OpenCall, requester: Actor | None
    ) -> RequestedCall:
        """One call, ready for the gateway."""
        registry = self._gateway.registry
        earlier = await self._mandating.earlier(task)
        seen = witness(task, steps, registry, earlier=earlier)
        implied = await self._mandating.of(task, steps, earlier, call.tool) if self._changes(call.tool) else NO_CHANGE
        return RequestedCall(
            task=task,
            scope=self._agent.scope,
            call_id=call.call_id,
            tool=call.tool,
            arguments=call.arguments,
            requester=requester,
            place=await self._gateway.place(task.tenant, task.channel),
            reason_code=call.reason_code,
            why=call.why,
            skill=call.skill,
            edited_by=call.edited_by,
            mandate=implied,
            asked=implied.tools[call.tool].why if call.tool in implied.tools else "",
            traced=seen.of(call, transcript.changed_by_people(steps, call.call_id)),
            derived=bool(call.skill),  # only a playbook's own walk says so; a model has no way to
            label=label(steps, registry, heard=await self._heard(task, steps)),
            evidence=transcript.evidence_so_far(steps),
        )

    async def _heard(self, task: Task, steps: Sequence[Step]) -> frozenset[str]:
        if not hears_its_thread(steps):
            return frozenset()
        async with self._db.read() as tx:
            return await intents.ran_in_thread(tx, task)

    def _changes(self, tool: str) -> bool:
        try:
            return self._gateway.registry.get(tool).manifest.tier is not Tier.READ
        except UnknownTool:
            return False  # the gateway refuses it by name
