import pytest

from bot.brains.base import BrainCalled, BrainEvent, BrainSaid, Call, CallResult, Finished, Saying, Thinking, UserSaid
from bot.brains.errors import BrainUnavailable
from bot.brains.scripted import ScriptedBrain, ScriptExhausted
from tests.brains.prompts import a_prompt

ASKED = UserSaid(text="hi", by="ann")
CALL = Call(call_id="c1", tool="shop.look", arguments={})
CALLED = BrainCalled(call_id="c1", tool="shop.look", arguments={})
RESULT = CallResult(call_id="c1", tool="shop.look", status="ran", content={})


async def test_the_transcript_says_which_turn_is_next_also_for_a_new_instance() -> None:
    turns: list[list[BrainEvent]] = [[Thinking(delta="hm"), CALL], [Saying(delta="done")]]
    first = [event async for event in ScriptedBrain(turns).think(a_prompt(ASKED))]
    assert first == [Thinking(delta="hm"), CALL, Finished(reason="tool_calls")]
    after = a_prompt(ASKED, BrainSaid(text="looking"), CALLED, RESULT, UserSaid(text="and?", by="bob"))
    second = [event async for event in ScriptedBrain(turns).think(after)]
    assert second == [Saying(delta="done"), Finished(reason="stop")]


async def test_a_script_does_not_go_on_beyond_its_end() -> None:
    brain = ScriptedBrain([[Saying(delta="only")]])
    with pytest.raises(ScriptExhausted, match="has 1 turns, asked for turn 2"):
        [event async for event in brain.think(a_prompt(ASKED, BrainSaid(text="only"), ASKED))]


async def test_an_error_is_raised_at_its_place_and_passed_on_the_next_try() -> None:
    brain = ScriptedBrain([[Saying(delta="a"), BrainUnavailable("gone"), Saying(delta="b")]])
    told: list[BrainEvent] = []
    with pytest.raises(BrainUnavailable, match="gone"):
        async for event in brain.think(a_prompt(ASKED)):
            told.append(event)
    assert told == [Saying(delta="a")]
    again = [event async for event in brain.think(a_prompt(ASKED))]
    assert again == [Saying(delta="a"), Saying(delta="b"), Finished(reason="stop")]


async def test_a_scripted_end_is_not_told_twice() -> None:
    brain = ScriptedBrain([[Saying(delta="a"), Finished(reason="length")]])
    assert [e async for e in brain.think(a_prompt(ASKED))] == [Saying(delta="a"), Finished(reason="length")]
