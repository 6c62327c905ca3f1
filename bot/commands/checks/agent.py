"""The agent's file: does it read."""

from bot.agent import definition
from bot.agent.definition import AgentDefinition, AgentFileError
from bot.commands.checks.finding import Finding, broken, ok
from bot.settings import Settings


def check_agent(config: Settings) -> tuple[Finding, AgentDefinition | None]:
    """How the file stands, and the agent when it reads."""
    try:
        agent = definition.load(config.agent_file) if config.agent_file else definition.load()
    except AgentFileError as error:
        return broken("agent", str(error), "check AUTOPILOT_AGENT_FILE"), None
    return ok(
        "agent", f"{agent.name!r}, version {agent.version[:12]}, data policy {agent.data_policy.in_words()}"
    ), agent
