"""What exactly is rolled out, as one hash: change any part of it, and it has to be proven again."""

from bot.agent.definition import AgentDefinition
from bot.inbox.plan import ALLOWED
from bot.inbox.topics import Topics
from storage.canonical import canonical, digest
from tools.registry import Registry


def definition_of(
    *, agent: AgentDefinition, topics: Topics, registry: Registry, brain: str, policy_version: str
) -> str:
    """SHA-256 over charter, topics, allowlist, tools (with the hub's address), policy rules, and which brain."""
    return digest(
        canonical(
            {
                "agent": agent.version,
                "topics": topics.version,
                "allowed": sorted(ALLOWED),
                "tools": {tool.name: registry.version(tool.name) for tool in registry},
                "policy": policy_version,
                "brain": brain,
            }
        )
    )
