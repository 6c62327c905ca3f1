"""What goes wrong at a provider, and what the runner and people are told."""

import asyncio
import socket

import pytest

from bot.brains.base import BrainEvent, Saying
from bot.brains.errors import BrainError, BrainRefused, BrainUnavailable
from tests.brains.conftest import ANTHROPIC, API_KEY, OPENAI, MakeBrain
from tests.brains.model_servers import Drop, Hold, ModelServer, Reply, anthropic_sse, openai_sse
from tests.brains.prompts import a_prompt, all_of

BOTH = pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])


def first_words(model: str) -> list[bytes]:
    """The beginning of an answer, cut off after one piece of text."""
    if model == OPENAI:
        return [openai_sse.role(), openai_sse.text("Hel")]
    return [anthropic_sse.start(), *anthropic_sse.text(0, ["Hel"])[:2]]


@BOTH
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, (BrainRefused, "refused the request (400)")),
        (401, (BrainRefused, "did not accept the api key")),
        (403, (BrainRefused, "may not use model")),
        (404, (BrainRefused, "does not know model")),
        (500, (BrainUnavailable, "try again later")),
        (503, (BrainUnavailable, "try again later")),
        (529, (BrainUnavailable, "try again later")),
    ],
)
async def test_a_status_becomes_a_plain_sentence_without_the_key(
    server: ModelServer, brain: MakeBrain, model: str, status: int, answer: tuple[type[BrainError], str]
) -> None:
    kind, words = answer
    server.will_fail(
        status, {"type": "error", "error": {"type": "x", "message": f"bad key {API_KEY} and sk-ant-zzzzzzzz"}}
    )
    with pytest.raises(kind) as caught:
        await all_of(brain(model))
    assert words in str(caught.value)
    assert API_KEY not in str(caught.value) and "zzzz" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert len(server.received) == 1, "nothing below us may retry"


@BOTH
async def test_a_rate_limit_says_how_long_to_wait(server: ModelServer, brain: MakeBrain, model: str) -> None:
    server.will_fail(429, {"error": {"type": "rate_limit_error", "message": "slow down"}}, retry_after="17")
    with pytest.raises(BrainUnavailable, match="rate limit; asked to wait 17 s") as caught:
        await all_of(brain(model))
    assert caught.value.retry_after == 17
    assert len(server.received) == 1


@BOTH
@pytest.mark.parametrize(
    "said",
    ["This model's maximum context length is 8192 tokens.", "prompt is too long: 213462 tokens > 200000 maximum"],
)
async def test_a_conversation_that_is_too_long_is_told_as_such(
    server: ModelServer, brain: MakeBrain, model: str, said: str
) -> None:
    server.will_fail(400, {"type": "error", "error": {"type": "invalid_request_error", "message": said}})
    with pytest.raises(BrainRefused, match="conversation is too long"):
        await all_of(brain(model))


async def test_a_model_without_a_known_provider_is_refused_before_any_request(
    server: ModelServer, brain: MakeBrain
) -> None:
    with pytest.raises(BrainRefused, match="no provider is known for model 'gpt-of-nowhere'"):
        await all_of(brain("gpt-of-nowhere"))
    assert server.received == []


@BOTH
async def test_a_refused_connection_is_unavailable(brain: MakeBrain, model: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(BrainUnavailable, match="could not be reached"):
        await all_of(brain(model, api_base=f"http://127.0.0.1:{port}"))


@BOTH
@pytest.mark.parametrize("ends", ["dropped", "just ends"])
async def test_an_answer_that_breaks_off_is_unavailable_after_what_was_told(
    server: ModelServer, brain: MakeBrain, model: str, ends: str
) -> None:
    server.will_reply(*first_words(model), *([Drop()] if ends == "dropped" else []))
    told: list[BrainEvent] = []
    with pytest.raises(BrainUnavailable, match="broke off"):
        async for event in brain(model).think(a_prompt()):
            told.append(event)
    assert told == [Saying(by_model=True, delta="Hel")]


async def test_an_error_event_in_the_stream_is_unavailable(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(*first_words(ANTHROPIC), anthropic_sse.overloaded())
    with pytest.raises(BrainUnavailable):
        await all_of(brain(ANTHROPIC))


@BOTH
async def test_silence_before_the_first_word_ends_at_its_limit(
    server: ModelServer, brain: MakeBrain, model: str
) -> None:
    server.replies.append(Reply(hold_first=True))
    slow = brain(model, first_token_timeout=0.3)
    await slow.warm()
    with pytest.raises(BrainUnavailable, match=r"did not begin to answer within 0\.3 s"):
        await all_of(slow)
    await asyncio.wait_for(server.client_left.wait(), 2)


@BOTH
async def test_silence_in_the_middle_ends_at_its_limit(server: ModelServer, brain: MakeBrain, model: str) -> None:
    server.will_reply(*first_words(model), Hold())
    with pytest.raises(BrainUnavailable, match=r"went silent for 0\.2 s"):
        await all_of(brain(model, idle_timeout=0.2))
    await asyncio.wait_for(server.client_left.wait(), 2)


async def test_the_whole_turn_has_a_limit(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(*first_words(OPENAI), Hold())
    quick = brain(turn_timeout=0.4)
    await quick.warm()
    with pytest.raises(BrainUnavailable, match=r"did not finish its answer within 0\.4 s"):
        await all_of(quick)


@BOTH
async def test_closing_the_iterator_closes_the_connection(server: ModelServer, brain: MakeBrain, model: str) -> None:
    server.will_reply(*first_words(model), Hold())
    events = brain(model).think(a_prompt())
    assert await anext(events) == Saying(by_model=True, delta="Hel")
    assert not server.client_left.is_set()
    await events.aclose()
    await asyncio.wait_for(server.client_left.wait(), 0.5)


@BOTH
async def test_cancelling_the_task_closes_the_connection(server: ModelServer, brain: MakeBrain, model: str) -> None:
    server.will_reply(*first_words(model), Hold())
    told = asyncio.Event()

    async def read() -> None:
        async for _ in brain(model).think(a_prompt()):
            told.set()

    reading = asyncio.create_task(read())
    await asyncio.wait_for(told.wait(), 5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.wait_for(server.client_left.wait(), 0.5)
