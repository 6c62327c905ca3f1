"""Watches how agents do with tools they may use alone: who does worse may do less, until a person raises it again."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from bot.orchestrator.halting import refusal
from bot.orchestrator.refusals import cannot_ask
from bot.orchestrator.requests import Answer, Said
from policy.autonomy import AutonomyTable
from policy.conduct import anomalies, series
from policy.people import CannotAsk, People
from storage import audit, conduct, lowerings, posts
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import LOST_DATABASE
from storage.lowerings import Lowering
from storage.records import JsonObject, PostKind
from tools.gateway import Gateway

log = logging.getLogger(__name__)

LOWERED_TO = 1
"""people decide about everything; below that the bot could not even propose what an incident needs"""
EVERY = 60.0
"""seconds between two looks; between them nothing is read"""
LOOKS_BACK = 30 * 86_400.0


@dataclass(kw_only=True)
class Lowerer:
    """Looks again and again. Any number of replicas may run one: the first to see it lowers it."""

    db: Database
    gateway: Gateway
    agents: Sequence[str]
    channel: str
    """where it is announced; "" for on the record only"""
    _seen: dict[tuple[str, str, str], int] = field(default_factory=dict)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once()
            except LOST_DATABASE as error:
                log.warning("how tools do could not be read; trying again", extra={"why": type(error).__name__})
            except Exception:  # a detector that breaks must not end the bot; what is allowed stays as it is
                log.exception("how tools do could not be judged")

    async def once(self) -> list[tuple[str, str]]:
        """Look at every tool that may be used alone and has done something since; (tenant, tool) that were lowered."""
        tools = [name for name in self._alone() if name]
        if not tools:
            return []
        async with self.db.read() as tx:
            tenants = [tenant for tenant, _seq, _hash in await audit.tenants(tx)]
            looked = {
                (tenant, agent, tool): await self._news(tx, tenant, agent, tool)
                for tenant in tenants
                for agent in self.agents
                for tool in tools
            }
        watched = {key: numbers for key, numbers in looked.items() if numbers is not None}
        names = {" ".join(key): key for key in watched}
        found = await asyncio.to_thread(anomalies, {name: watched[key] for name, key in names.items()})
        lowered = []
        for name, why in found.items():
            tenant, agent, tool = names[name]

            async def lower(tx: Tx, t: str = tenant, a: str = agent, n: str = tool, w: str = why) -> bool:
                return await self._lower(tx, t, a, n, w)

            if await transact(self.db, lower):
                lowered.append((tenant, tool))
        return lowered

    def _alone(self) -> list[str]:
        """Tools that some line lets run above level 1."""
        table = self.gateway.rules.autonomy
        return [
            tool.name
            for tool in self.gateway.registry
            if tool.manifest.tier != "read" and _highest(table, tool.name, tool.manifest.tier) > LOWERED_TO
        ]

    async def _news(self, tx: Tx, tenant: str, agent: str, tool: str) -> dict[str, list[int]] | None:
        last = await lowerings.find(tx, tenant, agent, tool)
        if last is not None and last.stands:
            return None
        since = max(await tx.time() - LOOKS_BACK, last.raised_at if last and last.raised_at else 0.0)
        seen = await conduct.of(tx, tenant, agent, tool, since=since)
        if self._seen.get((tenant, agent, tool)) == seen.size:
            return None
        self._seen[tenant, agent, tool] = seen.size
        return series(**asdict(seen)) or None

    async def _lower(self, tx: Tx, tenant: str, agent: str, tool: str, why: str) -> bool:
        if not await lowerings.lower(tx, tenant, agent, tool, to=LOWERED_TO, why=why):
            return False
        as_ = f" as `{agent}`" if len(self.agents) > 1 else ""
        body: JsonObject = {"agent": agent, "tool": tool, "to": LOWERED_TO, "why": why}
        await audit.append(tx, tenant, "ops.autonomy.lowered", body=body)
        said = (
            f"I no longer use `{tool}` alone{as_}: {why}. From now on people approve each call; "
            f"`/autopilot raise {tool} WHY` ends that."
        )
        await _announce(tx, tenant, self.channel, f"lowered:{tool}:{await tx.time():.6f}", said, "warning")
        return True


def _highest(table: AutonomyTable, tool: str, tier: str) -> int:
    lines = [one.level for one in table.lines if one.tool in (None, tool) and one.tier in (None, tier)]
    return min(max([table.default, *lines]), max([table.default, *table.caps.values()]))


@dataclass(frozen=True, kw_only=True)
class RaisePress:
    """Somebody wants a tool back at the level it had."""

    tenant: str
    who: str
    tool: str
    reason: str
    channel: str


async def raise_again(
    db: Database, gateway: Gateway, people: People, press: RaisePress, groups: Sequence[str]
) -> Answer:
    """End a lowering, on the word of somebody who may say so, with a reason."""
    reason = gateway.clean(press.reason).strip()[:300]
    try:
        refused = refusal(await people.actor(press.tenant, press.who), groups, "raise")
    except CannotAsk as error:
        refused = cannot_ask(str(error))
    if refused is not None:
        async with db.write() as tx:
            body: JsonObject = {"who": press.who, "tool": gateway.clean(press.tool)[:100], "why": refused.message}
            await audit.append(tx, press.tenant, "ops.autonomy.raise_refused", body=body)
        return refused
    if not press.tool or not reason:
        how = "name the tool and say why, like: /autopilot raise flags.set it is mended"
        return Answer(said=Said.INVALID, message=how)
    ended = await transact(db, lambda tx: end(tx, press.tenant, press.tool, press.who, reason, press.channel))
    if not ended:
        return Answer(said=Said.STALE, message=f"{press.tool!r} is not lowered here")
    return Answer(said=Said.DONE, message=f"`{press.tool}` may be used as the rules say again")


async def end(tx: Tx, tenant: str, tool: str, who: str, reason: str, channel: str) -> list[Lowering]:
    """End what stands lowered of a tool; audited and announced."""
    ended = await lowerings.lift(tx, tenant, tool, by=who)
    if ended:
        body: JsonObject = {"who": who, "tool": tool, "reason": reason, "was": ended[0].why}
        await audit.append(tx, tenant, "ops.autonomy.raised", body=body)
        name = who.removeprefix("cli:")
        person = f"{name} on the command line" if name != who else f"<@{who}>"
        said = f"`{tool}` was raised again by {person}: {reason}."
        await _announce(tx, tenant, channel, f"raised:{tool}:{await tx.time():.6f}", said, "info")
    return ended


async def _announce(tx: Tx, tenant: str, channel: str, subject: str, said: str, kind: str) -> None:
    if channel:
        await posts.want(
            tx, tenant=tenant, kind=PostKind.NOTICE, subject=subject, channel=channel, body={"text": said, "kind": kind}
        )
