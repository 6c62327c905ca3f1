"""The llm brain, through the real litellm, against a server that speaks Anthropic's format."""

from bot.brains.base import (
    BrainCalled,
    BrainSaid,
    BrainThought,
    Call,
    CallResult,
    Finished,
    Saying,
    Thinking,
    Thought,
    Usage,
    UserSaid,
)
from tests.brains.conftest import ANTHROPIC, API_KEY, MakeBrain
from tests.brains.model_servers import ModelServer
from tests.brains.model_servers import anthropic_sse as sse
from tests.brains.prompts import a_prompt, all_of


async def test_a_turn_streams_signed_thinking_text_and_calls(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(
        sse.start(120),
        sse.ping(),
        *sse.thinking(0, ["let me ", "see"], "SIG=="),
        *sse.redacted_thinking(1, "SEALED"),
        *sse.text(2, ["I will ", "switch it."]),
        *sse.tool_use(3, id="toolu_1", name="shop__set_flag", pieces=['{"flag"', ':"x"}']),
        *sse.tool_use(4, id="toolu_2", name="shop__set_flag", pieces=[]),
        *sse.end("tool_use", 30),
    )
    assert await all_of(brain(ANTHROPIC, extra={"reasoning_effort": "low"})) == [
        Thinking(delta="let me "),
        Thinking(delta="see"),
        Thought(text="let me see", signature="SIG=="),
        Thought(text="", signature="redacted_thinking:SEALED"),
        Saying(by_model=True, delta="I will "),
        Saying(by_model=True, delta="switch it."),
        Call(call_id="toolu_1", tool="shop.set_flag", arguments={"flag": "x"}),
        Call(call_id="toolu_2", tool="shop.set_flag", arguments={}),
        Usage(input_tokens=120, output_tokens=30),
        Finished(reason="tool_calls"),
    ]
    [received] = server.received
    assert received.headers["x-api-key"] == API_KEY
    assert received.body["thinking"] == {"type": "enabled", "budget_tokens": 1024}


async def test_thinking_goes_back_signed_and_before_the_calls_it_led_to(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(sse.start(), *sse.text(0, ["done"]), *sse.end("end_turn"))
    events = await all_of(
        brain(ANTHROPIC, extra={"reasoning_effort": "low"}),
        a_prompt(
            UserSaid(text="switch it off", by="ann"),
            BrainThought(text="let me see", signature="SIG=="),
            BrainThought(text="", signature="redacted_thinking:SEALED"),
            BrainSaid(text="on it"),
            BrainCalled(call_id="toolu_1", tool="shop.set_flag", arguments={"flag": "x"}),
            BrainCalled(call_id="toolu_2", tool="shop.set_flag", arguments={}),
            CallResult(call_id="toolu_1", tool="shop.set_flag", status="ran", content={"was": True}),
            CallResult(call_id="toolu_2", tool="shop.set_flag", status="denied", content={"message": "no"}),
        ),
    )
    assert events[-1] == Finished(reason="stop")
    messages = server.received[0].body["messages"]
    assert isinstance(messages, list)
    asked, answered, results = messages
    assert asked == {"role": "user", "content": [{"type": "text", "text": "ann says:\nswitch it off"}]}
    assert answered == {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "let me see", "signature": "SIG=="},
            {"type": "redacted_thinking", "data": "SEALED"},
            {"type": "text", "text": "on it"},
            {"type": "tool_use", "id": "toolu_1", "name": "shop__set_flag", "input": {"flag": "x"}},
            {"type": "tool_use", "id": "toolu_2", "name": "shop__set_flag", "input": {}},
        ],
    }
    assert isinstance(results, dict) and isinstance(results["content"], list)
    assert [(each["type"], each["tool_use_id"]) for each in results["content"] if isinstance(each, dict)] == [
        ("tool_result", "toolu_1"),
        ("tool_result", "toolu_2"),
    ]
