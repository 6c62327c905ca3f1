"""What the rules brain says when it has nothing to go by."""

from bot.brains.base import Prompt, Saying, UserSaid
from bot.brains.rules import RulesBrain
from tools.playbooks.library import find


async def test_without_any_tools_it_says_what_to_set_and_lists_nothing() -> None:
    prompt = Prompt(system="", transcript=(UserSaid(text="is checkout ok?", by="U0ANA"),), tools=())
    events = [event async for event in RulesBrain(find([], {})).think(prompt)]
    said = "".join(event.delta for event in events if isinstance(event, Saying))
    assert "AUTOPILOT_MANIFESTS" in said
    assert "I can:" not in said
