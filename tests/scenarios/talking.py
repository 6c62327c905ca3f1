"""A brain that talks for as long as a test wants, so that Stop has something to stop."""

import asyncio
from collections.abc import AsyncGenerator

from bot.brains.base import BrainEvent, Prompt, Saying


class TalkingBrain:
    """Says word after word until it is stopped."""

    name = "talking"

    def __init__(self) -> None:
        self.words = 0

    async def think(self, prompt: Prompt) -> AsyncGenerator[BrainEvent, None]:
        del prompt
        while True:
            yield Saying(delta=f"word{self.words} ")
            self.words += 1
            await asyncio.sleep(0.05)
