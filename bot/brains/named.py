"""A model's brain that leaves a skill asked for by its name to the playbook: the same steps every time, no model."""

from collections.abc import AsyncIterator

from bot.brains.base import Brain, BrainEvent, Prompt, UserSaid
from bot.brains.rules import RulesBrain, named_skill


class SkillsByName:
    """Asks the model, but walks the playbook itself when the request is "skill NAME"."""

    def __init__(self, model: Brain, rules: RulesBrain) -> None:
        self._model, self._rules = model, rules
        self.name = model.name

    def think(self, prompt: Prompt) -> AsyncIterator[BrainEvent]:
        """One turn, of whichever of the two the first words of the request call for."""
        said = [entry.text for entry in prompt.transcript if isinstance(entry, UserSaid) and entry.trusted]
        named = bool(said) and named_skill(said[0]) is not None and len(said) == 1
        return (self._rules if named else self._model).think(prompt)

    async def warm(self) -> None:
        """Have the model loaded before the first request."""
        warm = getattr(self._model, "warm", None)
        if warm is not None:
            await warm()

    async def aclose(self) -> None:
        close = getattr(self._model, "aclose", None)
        if close is not None:
            await close()
