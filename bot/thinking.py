"""What the bot thinks with: its skills, a brain for each agent, and where what people write to it is read."""

from bot import settings
from bot.agent.definition import AgentDefinition, DataPolicy
from bot.agent.lineup import Member
from bot.brains.base import Brain
from bot.brains.named import Learner, SkillsByName
from bot.brains.rules import RulesBrain
from bot.lifecycle.consent import Terms
from bot.settings import Settings
from bot.starting import CannotStart
from tools.playbooks import library as skill_library
from tools.playbooks.library import Library
from tools.registry import Registry


def skills(config: Settings, registry: Registry, *, connected: bool) -> Library:
    """The skills that ship and those of the operator's folders, as far as their tools are here."""
    shipped = [skill_library.SHIPPED] if connected else []  # each of them works on some service
    return skill_library.find([*shipped, *config.skills], {tool.name: tool for tool in registry})


def make_brain(config: Settings, agent: AgentDefinition, library: Library, learned: Learner | None = None) -> Brain:
    """The model's brain when one is configured, the rules brain otherwise. `learned`: what it is told of skills."""
    model = agent.model or config.model
    if model:
        if not settings.has_provider_key(config):
            raise CannotStart(
                f"AUTOPILOT_MODEL is {model!r} but no provider key is set; export the provider's key "
                "(for instance ANTHROPIC_API_KEY), or unset AUTOPILOT_MODEL to run playbooks"
            )
        from bot.brains.llm import LlmBrain

        key = config.model_api_key.get_secret_value() if config.model_api_key else None
        brain = LlmBrain(model, api_base=config.model_api_base or None, api_key=key)
        return SkillsByName(brain, library, allowed=agent.skills, learned=learned) if learned else brain
    return RulesBrain(library, allowed=agent.skills)


def data_policy(config: Settings, agent: AgentDefinition, brain: Brain) -> DataPolicy:
    """Where what people write to it is read, as things really are: a file that says "local" does not make it so."""
    said, model = agent.data_policy, agent.model or config.model
    if said.kind == "cloud":
        return said
    if not brain.name.startswith("llm:") or config.model_api_base:
        return DataPolicy(kind="local")
    return DataPolicy(kind="cloud", provider=model.partition("/")[0])


def member(config: Settings, agent: AgentDefinition, brain: Brain) -> Member:
    """An agent as it works here. People agree before their words are first sent, unless operators say otherwise."""
    data = data_policy(config, agent, brain)
    asks = data.kind == "cloud" and config.ask_consent
    terms = Terms(agent=agent.name, words=data.in_words()) if asks else None
    return Member(definition=agent, brain=brain.name, data=data, terms=terms)
