"""The agents' files: do they read."""

from bot.agent import lineup
from bot.agent.definition import AgentDefinition, AgentFileError
from bot.commands.checks.finding import Finding, broken, ok
from bot.settings import Settings


def check_agent(config: Settings) -> tuple[Finding, AgentDefinition | None]:
    """How the files stand, and the default agent when they read."""
    try:
        agent, *others = lineup.read(config.agent_file, config.agents)
    except AgentFileError as error:
        return broken("agent", str(error), "check AUTOPILOT_AGENT_FILE and AUTOPILOT_AGENTS"), None
    choice = f"; to choose from: {', '.join(one.name for one in others)}" if others else ""
    return ok(
        "agent", f"{agent.name!r}, version {agent.version[:12]}, data policy {agent.data_policy.in_words()}{choice}"
    ), agent
