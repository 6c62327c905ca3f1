"""The llm brain, through the real litellm, against a server that speaks OpenAI's format."""

from bot.brains.base import BadCall, Call, Finished, Saying, Thinking, Thought, Usage
from tests.brains.conftest import API_KEY, MakeBrain
from tests.brains.model_servers import ModelServer
from tests.brains.model_servers import openai_sse as sse
from tests.brains.prompts import a_prompt, all_of


async def test_a_turn_streams_thinking_then_text_then_calls(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(
        sse.role(),
        sse.thinking("let me "),
        sse.thinking("see"),
        sse.text("I will "),
        sse.text("switch it."),
        sse.call(0, id="c1", name="shop__set_flag", arguments='{"fl'),
        sse.call(0, arguments='ag":"x"}'),
        sse.call(1, id="c2", name="shop__set_flag", arguments=""),
        sse.finish("tool_calls"),
        sse.usage(120, 30),
        sse.DONE,
    )
    assert await all_of(brain()) == [
        Thinking(delta="let me "),
        Thinking(delta="see"),
        Thought(text="let me see"),
        Saying(by_model=True, delta="I will "),
        Saying(by_model=True, delta="switch it."),
        Call(call_id="c1", tool="shop.set_flag", arguments={"flag": "x"}),
        Call(call_id="c2", tool="shop.set_flag", arguments={}),
        Usage(input_tokens=120, output_tokens=30),
        Finished(reason="tool_calls"),
    ]


async def test_the_request_is_what_was_asked_and_nothing_else(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(sse.text("hi"), sse.finish("stop"), sse.DONE)
    await all_of(brain(temperature=0.2, extra={"seed": 7, "stream": False, "num_retries": 5}))
    [received] = server.received
    assert received.headers["authorization"] == f"Bearer {API_KEY}"
    assert received.body == {
        "model": "local",
        "messages": [
            {"role": "system", "content": "You help on call."},
            {"role": "user", "content": "ann says:\nhello"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "shop__set_flag",
                    "description": "Switch a feature flag.\nTool shop.set_flag, tier reversible.\n"
                    'Example arguments: {"flag": "new-checkout"}',
                    "parameters": {"type": "object", "properties": {"flag": {"type": "string"}}},
                },
            }
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 4096,
        "temperature": 0.2,
        "seed": 7,
    }


async def test_without_usage_from_the_provider_none_is_made_up(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(sse.text("hi"), sse.finish("stop"), sse.DONE)
    assert await all_of(brain()) == [Saying(by_model=True, delta="hi"), Finished(reason="stop")]


async def test_arguments_that_are_no_object_are_a_bad_call(server: ModelServer, brain: MakeBrain) -> None:
    for index, raw in enumerate(['{"flag":', '["x"]', '{"n": NaN}']):
        server.will_reply(
            sse.call(0, id=f"c{index}", name="shop__set_flag", arguments=raw), sse.finish("tool_calls"), sse.DONE
        )
        assert await all_of(brain()) == [
            BadCall(call_id=f"c{index}", tool="shop.set_flag", raw=raw),
            Finished(reason="tool_calls"),
        ]


async def test_a_call_cut_off_before_its_arguments_is_not_a_call_without_arguments(
    server: ModelServer, brain: MakeBrain
) -> None:
    server.will_reply(sse.call(0, id="c1", name="shop__set_flag"), sse.finish("length"), sse.DONE)
    assert await all_of(brain()) == [
        BadCall(call_id="c1", tool="shop.set_flag", raw=""),
        Finished(reason="length"),
    ]


async def test_a_content_filter_is_told_as_the_reason(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(sse.text("I"), sse.finish("content_filter"), sse.DONE)
    assert (await all_of(brain()))[-1] == Finished(reason="content_filter")


async def test_one_tool_may_be_called_that_was_never_offered(server: ModelServer, brain: MakeBrain) -> None:
    """The gateway is the one to refuse it, under a name people can read."""
    server.will_reply(sse.call(0, id="c1", name="root__shell", arguments="{}"), sse.finish("tool_calls"), sse.DONE)
    assert (await all_of(brain(), a_prompt()))[0] == Call(call_id="c1", tool="root.shell", arguments={})
