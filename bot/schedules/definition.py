"""What exactly a schedule that acts would do, as one hash: change any part of it, and it has to be proven again."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.agent.lineup import Lineup
from storage import channels
from storage.canonical import canonical, digest
from storage.db import Tx
from storage.records import Schedule
from tools.gateway import Gateway

Definitions = Callable[[Tx, Schedule], Awaitable[str]]


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The parts that belong to the installation: agents, brains, tools and rules as they are now."""

    gateway: Gateway
    agents: Lineup
    skills: Mapping[str, str] = field(default_factory=dict)
    """name → hash of every skill there is"""

    async def definition_of(self, tx: Tx, schedule: Schedule) -> str:
        """SHA-256 over the request, in whose name and where, and all that decides what comes of it.

        When it comes is not in it: that says how often, not what.
        """
        registry = self.gateway.registry
        around = await channels.in_force(tx, schedule.tenant, schedule.channel)
        agent = self.agents.named(around.agent)
        rules = self.gateway.rules
        return digest(
            canonical(
                {
                    "kind": schedule.kind,
                    "payload": schedule.payload,
                    "owner": schedule.owner,
                    "channel": schedule.channel,
                    "agent": agent.definition.version if agent else "",
                    "brain": agent.brain if agent else "",
                    "added": around.prompt,
                    "tools": {tool.name: registry.version(tool.name) for tool in registry},
                    "skills": dict(self.skills),
                    "policy": rules.engine.version,
                    # What waited for people in the proof must not begin to run alone because a level was raised.
                    "levels": rules.autonomy.model_dump(mode="json", include={"default", "caps", "lines"}),
                    "here": [around.autonomy, rules.channel_caps.get(schedule.channel, 4), around.hears],
                }
            )
        )


def subject_of(schedule_id: str) -> str:
    """What the rollout's record calls this schedule."""
    return f"schedule:{schedule_id}"
