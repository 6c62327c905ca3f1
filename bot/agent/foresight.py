"""A separate call of the model that sees nothing but the request's own words: which changes does it imply?"""

import contextlib
from collections.abc import Mapping, Sequence

from bot.brains.base import Brain, Call, JsonValue, Prompt, ToolSummary, UserSaid
from bot.brains.errors import BrainError
from policy.types import Tier

_SYSTEM = (
    "You decide nothing and change nothing. Somebody asked an operations bot for something; before it reads anything "
    "else, name the changes that this request implies, by calling `plan.implies` once. Name a tool only when they "
    "plainly ask for that change, or plainly ask for a remedy that this tool is. For a question, name none."
)
_NAME = "plan.implies"


class ModelForesight:
    """Asks through the seam of the brain. Its word widens a mandate a little, never for what cannot be undone."""

    def __init__(self, brain: Brain) -> None:
        self._brain = brain

    async def tools(self, words: Sequence[str], writes: Mapping[str, str]) -> Mapping[str, str]:
        """Tool → why; nothing when the model does not answer, which leaves the mandate as the rules found it."""
        known: list[JsonValue] = list(writes)
        named: dict[str, JsonValue] = {"type": "array", "items": {"type": "string", "enum": known}}
        asked = ToolSummary(
            name=_NAME,
            description="the changes that the request implies:\n" + "\n".join(f"{n}: {s}" for n, s in writes.items()),
            parameters={"type": "object", "properties": {"tools": named}, "required": ["tools"]},
            tier=Tier.READ,
        )
        said = tuple(UserSaid(text=text, by="requester") for text in words)
        found: list[str] = []
        with contextlib.suppress(BrainError):
            stream = self._brain.think(Prompt(system=_SYSTEM, transcript=said, tools=(asked,), max_tokens=500))
            async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]  # a generator in every brain
                async for event in events:
                    if isinstance(event, Call) and event.tool == _NAME:
                        listed = event.arguments.get("tools")
                        found += [str(one) for one in listed] if isinstance(listed, list) else []
        return {name: "a model that saw the request alone takes it to be meant" for name in found if name in writes}
