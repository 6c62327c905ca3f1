"""The policy: does it load against the tools there are."""

from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.settings import Settings
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.errors import PolicyError
from policy.risk import RiskTable
from tools.registry import Registry


def check_policy(config: Settings, registry: Registry | None) -> Finding:
    if registry is None:
        return open_("policy", "not checked until the tools load, whose names its rules use")
    folder = config.policy_dir or DEFAULT_RULES
    try:
        engine = PolicyEngine.load(folder, registry.actions(), config.groups, second_factor=config.second_factor)
        RiskTable.load()
        AutonomyTable.load()
    except PolicyError as error:
        return broken("policy", str(error), "then try 'autopilot policy check'")
    return ok("policy", f"{folder} loads, version {engine.version}")
