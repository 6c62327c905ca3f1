"""Prompts for tests: valid by default, override what matters."""

from bot.brains.base import BrainEvent, Entry, Prompt, ToolSummary, UserSaid
from bot.brains.llm import LlmBrain

SET_FLAG = ToolSummary(
    name="shop.set_flag",
    description="Switch a feature flag.",
    parameters={"type": "object", "properties": {"flag": {"type": "string"}}},
    tier="reversible",
    examples=({"flag": "new-checkout"},),
)


def a_prompt(*transcript: Entry, system: str = "You help on call.", tools: tuple[ToolSummary, ...] = ()) -> Prompt:
    return Prompt(
        system=system, transcript=transcript or (UserSaid(text="hello", by="ann"),), tools=tools or (SET_FLAG,)
    )


async def all_of(brain: LlmBrain, prompt: Prompt | None = None) -> list[BrainEvent]:
    return [event async for event in brain.think(prompt or a_prompt())]
