"""A brain that plays a fixed list of turns: for tests, the demo and replay."""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence

from bot.brains.base import (
    BadCall,
    BrainCalled,
    BrainEvent,
    BrainSaid,
    BrainThought,
    Call,
    CallResult,
    Entry,
    Finished,
    Prompt,
    UserSaid,
)
from bot.brains.errors import BrainError

Turn = Sequence[BrainEvent | BrainError]
"""What one turn streams; Finished is added when missing. Each error is raised at its place once, then skipped."""


class ScriptExhausted(Exception):
    """Somebody asked a scripted brain for a turn that its script does not have."""

    def __init__(self, asked: int, has: int) -> None:
        super().__init__(f"the script has {has} turns, asked for turn {asked}; add the missing turn to the script")


class ScriptedBrain:
    """Plays turn n when the transcript already holds n turns, so it goes on at the right place after a restart."""

    name = "scripted"

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = tuple(tuple(turn) for turn in turns)
        self.prompts: list[Prompt] = []
        """what it was asked, for tests"""
        self._raised: Counter[int] = Counter()

    async def think(self, prompt: Prompt) -> AsyncGenerator[BrainEvent, None]:
        """Stream the turn that comes next.

        Raises:
            ScriptExhausted: the script has no such turn.
            BrainError: the script says so.
        """
        self.prompts.append(prompt)
        number = turns_so_far(prompt.transcript)
        if number >= len(self._turns):
            raise ScriptExhausted(number + 1, len(self._turns))
        turn = self._turns[number]
        errors = 0
        for event in turn:
            if not isinstance(event, BrainError):
                yield event
                continue
            errors += 1
            if errors > self._raised[number]:
                self._raised[number] += 1
                raise event
        if not any(isinstance(event, Finished) for event in turn):
            calls = any(isinstance(event, Call | BadCall) for event in turn)
            yield Finished(reason="tool_calls" if calls else "stop")


def turns_so_far(transcript: Sequence[Entry]) -> int:
    """How many turns the brain has had: each unbroken run of its own entries is one."""
    turns = 0
    brain_speaks = False
    for entry in transcript:
        match entry:
            case BrainThought() | BrainSaid() | BrainCalled():
                turns += not brain_speaks
                brain_speaks = True
            case UserSaid() | CallResult():
                brain_speaks = False
    return turns
