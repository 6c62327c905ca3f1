"""What the soaked bot says: for each number a text of its own, so that a lost or doubled word is seen."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator

from bot.brains.base import BrainEvent, Call, CallResult, Finished, Prompt, Saying, Thinking, UserSaid
from bot.commands.bench.switchboard import tool_name

_ASKED = re.compile(r"(tell me|set switch) (\d+)")
_PAUSE = 0.02
"""seconds between two pieces: about fifty tokens a second"""


def text_of(number: int) -> str:
    """The answer to this number: a sentence, a few paragraphs, or more than one message holds."""
    dice = random.Random(number)  # noqa: S311 - reproducible, not secret
    lines = dice.choice([2, 3, 5, 8, 12, 30]) if number % 25 else 150
    said = [f"Answer {number} begins."]
    for line in range(lines):
        if dice.random() < 0.1:
            said.append(f"```sql\nselect {line} from answers where number = {number};\n```")
        else:
            said.append(f"Line {line} of {number}: " + "word " * dice.randrange(3, 20) + f"and the end of line {line}.")
    return "\n\n".join([*said, f"Answer {number} ends."])


class SoakBrain:
    """Answers "tell me N" with the text of N; for "set switch N" proposes to set it, and says what came of it."""

    name = "soak"

    async def think(self, prompt: Prompt) -> AsyncGenerator[BrainEvent, None]:
        asked = [e.text for e in prompt.transcript if isinstance(e, UserSaid) and e.trusted]
        found = next(iter(_ASKED.finditer("\n".join(asked))), None)
        if found is None:
            yield Saying(delta="I know only two requests.")
            yield Finished()
            return
        number = int(found[2])
        results = [e for e in prompt.transcript if isinstance(e, CallResult)]
        if found[1] == "set switch" and not results:
            beside = {"reason_code": "TICKET", "why": "It was asked for."}
            yield Thinking(delta=f"Switch {number} it is.")
            yield Call(call_id=f"c{number}", tool=tool_name(number), arguments={"number": number, **beside})
            yield Finished(reason="tool_calls")
            return
        for piece in re.findall(r"\S+\s*", text_of(number)):
            yield Saying(delta=piece)
            await asyncio.sleep(_PAUSE)
        yield Finished()
