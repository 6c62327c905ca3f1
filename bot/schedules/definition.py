"""What exactly a schedule that acts would do, as one hash: change any part of it, and it has to be proven again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from storage.canonical import canonical, digest
from storage.records import Schedule
from tools.gateway import Gateway

Definitions = Callable[[Schedule], str]


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The parts that belong to the installation: agent, brain, tools and rules as they are now."""

    gateway: Gateway
    agent_version: str
    brain: str
    skills: Mapping[str, str] = field(default_factory=dict)
    """name → hash of every skill there is"""

    def definition_of(self, schedule: Schedule) -> str:
        """SHA-256 over the request, in whose name and where, and all that decides what comes of it.

        When it comes is not in it: that says how often, not what.
        """
        registry = self.gateway.registry
        return digest(
            canonical(
                {
                    "kind": schedule.kind,
                    "payload": schedule.payload,
                    "owner": schedule.owner,
                    "channel": schedule.channel,
                    "agent": self.agent_version,
                    "brain": self.brain,
                    "tools": {tool.name: registry.version(tool.name) for tool in registry},
                    "skills": dict(self.skills),
                    "policy": self.gateway.rules.engine.version,
                }
            )
        )


def subject_of(schedule_id: str) -> str:
    """What the rollout's record calls this schedule."""
    return f"schedule:{schedule_id}"
