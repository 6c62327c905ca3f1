"""The model: is one configured, is there a key, does it answer one tiny question."""

from bot import settings
from bot.agent.definition import AgentDefinition
from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.settings import Settings


async def check_model(config: Settings, agent: AgentDefinition | None) -> Finding:
    model = (agent.model if agent else "") or config.model
    if not model:
        return open_(
            "model", "none: the bot follows its playbooks", "set AUTOPILOT_MODEL and the provider's key to use one"
        )
    if not settings.has_provider_key(config):
        return broken(
            "model", f"{model!r} is set but no provider key is", "export the provider's key, e.g. ANTHROPIC_API_KEY"
        )
    from bot.brains.llm import LlmBrain

    key = config.model_api_key.get_secret_value() if config.model_api_key else None
    brain = LlmBrain(model, api_base=config.model_api_base or None, api_key=key, first_token_timeout=20)
    try:
        answer = await brain.check()
    finally:
        await brain.aclose()
    if answer.ok:
        return ok("model", answer.sentence)
    return broken("model", answer.sentence, "check AUTOPILOT_MODEL, AUTOPILOT_MODEL_API_BASE and the key")
