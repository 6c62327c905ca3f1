"""The brain of these bots: reads what is asked for out of the request, calls once, and says what came of it."""

import re
from collections.abc import AsyncGenerator

from bot.brains.base import BrainEvent, Call, CallResult, Finished, Prompt, Saying, UserSaid

_ASKED = re.compile(r"use (till\.\w+) for number (\d+) with amount (\d+)")


def request_of(tool: str, number: int, amount: int) -> str:
    """The words that make this brain call the tool."""
    return f"use {tool} for number {number} with amount {amount}"


def answer_of(number: int) -> str:
    """How the answer begins; it stands in the thread once."""
    return f"This is the end of number {number}:"


class ChaosBrain:
    """Goes on from wherever the transcript stands, as every brain must."""

    name = "chaos"

    async def think(self, prompt: Prompt) -> AsyncGenerator[BrainEvent, None]:
        asked = next(m for e in prompt.transcript if isinstance(e, UserSaid) and (m := _ASKED.search(e.text)))
        tool, number, amount = asked[1], int(asked[2]), int(asked[3])
        results = [e for e in prompt.transcript if isinstance(e, CallResult)]
        if results:
            yield Saying(delta=f"{answer_of(number)} it {results[-1].status}.")
            yield Finished()
            return
        yield Call(
            call_id="c1",
            tool=tool,
            arguments={"number": number, "amount": amount, "reason_code": "TICKET", "why": "It was asked for."},
        )
        yield Finished(reason="tool_calls")
