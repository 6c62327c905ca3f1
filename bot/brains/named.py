"""A model's brain that knows skills: it is told what there is, and one asked for by name is walked without it."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot.brains.base import Brain, BrainEvent, Prompt, UserSaid
from bot.brains.rules import RulesBrain, named_skill
from storage.skill_runs import Learned
from tools.playbooks.library import Library, among
from tools.playbooks.reading import READ_SKILL

Learner = Callable[[str], Awaitable[Mapping[str, Learned]]]
"""tenant → what was learned of each skill there"""


class SkillsByName:
    """Asks the model, but walks the playbook itself when the request is "skill NAME"."""

    def __init__(self, model: Brain, library: Library, *, allowed: Sequence[str], learned: Learner) -> None:
        self._model, self._rules = model, RulesBrain(library, allowed=allowed)
        self._library, self._allowed, self._learned = library, allowed, learned
        self.name = model.name

    async def think(self, prompt: Prompt) -> AsyncIterator[BrainEvent]:
        """One turn, of whichever of the two the first words of the request call for."""
        said = [entry.text for entry in prompt.transcript if isinstance(entry, UserSaid) and entry.trusted]
        if len(said) == 1 and named_skill(said[0]) is not None:
            async with contextlib.aclosing(self._rules.think(prompt)) as walked:  # type: ignore[type-var]  # a generator
                async for event in walked:
                    yield event
            return
        learned = await self._learned(prompt.facts.get("tenant", ""))
        told = known_skills(self._library, learned, self._allowed)
        thinking = self._model.think(replace(prompt, system=prompt.system + told))
        async with contextlib.aclosing(thinking) as events:  # type: ignore[type-var]  # a generator in every brain
            async for event in events:
                yield event

    async def warm(self) -> None:
        """Have the model loaded before the first request."""
        warm = getattr(self._model, "warm", None)
        if warm is not None:
            await warm()

    async def aclose(self) -> None:
        close = getattr(self._model, "aclose", None)
        if close is not None:
            await close()


def known_skills(library: Library, learned: Mapping[str, Learned], allowed: Sequence[str]) -> str:
    """One line a skill, with what was learned from its runs; how to do it is read when it is needed."""
    lines = [
        f"- {skill.name}: {skill.front.description}"
        + (f" ({learned[skill.name].in_words()})" if skill.name in learned else "")
        for skill in library
        if among(skill.name, allowed)
    ]
    if not lines:
        return ""
    return f"\nSkills. Read one with `{READ_SKILL}` before you follow it:\n" + "\n".join(lines) + "\n"
