"""The same story with a model through the real litellm, against a local server that speaks a provider's stream."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import steps, tasks
from storage.records import StepKind, TaskState
from tests.brains.model_servers import Drop, ModelServer, openai_sse, serving
from tests.scenarios.world import DANA, World, a_world, everything

MODEL = "openai/local"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with serving() as running:
        yield running


def _world(server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    return a_world(
        tmp_path, monkeypatch.setenv, model=MODEL, model_api_base=f"{server.url}/v1", model_api_key="sk-test-not-a-key"
    )


def _calls(tool: str, arguments: object) -> list[bytes]:
    name = tool.replace(".", "__")
    return [
        openai_sse.call(0, id="call_1", name=name, arguments=json.dumps(arguments)),
        openai_sse.finish("tool_calls"),
        openai_sse.usage(100, 20),
        openai_sse.DONE,
    ]


def _says(*pieces: str) -> list[bytes]:
    return [*(openai_sse.text(piece) for piece in pieces), openai_sse.finish("stop"), openai_sse.DONE]


async def _only_task(world: World) -> tuple[TaskState, list[tuple[StepKind, str]]]:
    async with world.database() as db, db.read() as tx:
        [task] = await tasks.recent(tx, "T0ACME")
        found = await steps.of_task(tx, task)
    return task.state, [(s.kind, str(s.body.get("text") or s.body.get("status") or "")) for s in found]


async def test_a_model_thinks_proposes_and_answers(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reasoning is shown as a step; its proposal waits for people; the result goes back to it."""
    server.will_reply(
        openai_sse.thinking("Let me look at the rates."), *_calls("shop.error_rate", {"service": "checkout"})
    )
    server.will_reply(
        *_calls(
            "shop.set_flag",
            {
                "name": "new-checkout",
                "on": False,
                "percent": 0,
                "reason_code": "INCIDENT",
                "why": "It fails with it on.",
            },
        )
    )
    server.will_reply(*_says("**Checkout is well again.** ", "I turned the flag off after Dana approved."))
    async with _world(server, tmp_path, monkeypatch) as world:
        thread = await world.ask("turn new-checkout off if checkout fails because of it")
        await world.text(thread, "Let me look at the rates.")
        card = await world.card(thread, "proposal.approve")
        assert "It fails with it on." in everything(card)
        await world.click(DANA, card, "proposal.approve")
        await world.text(thread, "I turned the flag off after Dana approved.", seconds=40)
        ended = await world.text(thread, "Changes: 1 change whose check held.", seconds=40)
        assert "has no figure or name to compare with the 2 results" in everything(ended)
        state, _ = await _only_task(world)
    assert state is TaskState.COMPLETED
    sent = json.dumps(server.received[2].body)
    assert "sk-test" not in sent
    assert '\\"status\\": \\"ran\\"' in sent or "ran" in sent


async def test_a_429_is_told_waited_out_and_tried_again(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.will_fail(429, {"error": {"type": "rate_limit", "message": "slow down"}}, retry_after="1")
    server.will_reply(*_says("All is well."))
    async with _world(server, tmp_path, monkeypatch) as world:
        thread = await world.ask("is all well?")
        await world.text(thread, "Trying again in 1 s")
        await world.text(thread, "All is well.", seconds=40)
        assert (await _only_task(world))[0] is TaskState.COMPLETED


async def test_a_refused_key_ends_the_task_with_the_next_step(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.will_fail(
        401, {"error": {"type": "invalid_request_error", "message": "Incorrect API key provided: sk-test-not-a-key"}}
    )
    async with _world(server, tmp_path, monkeypatch) as world:
        thread = await world.ask("is all well?")
        told = await world.text(thread, "key")
        assert "sk-test" not in everything(told)
        assert "✗" in everything(told)
        assert (await _only_task(world))[0] is TaskState.FAILED_TERMINAL


async def test_words_of_a_broken_stream_are_read_once(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream breaks after some words; the next try says them again, and the thread holds them once."""
    server.will_reply(openai_sse.text("The answer is forty-two, because"), Drop())
    server.will_reply(*_says("The answer is forty-two, ", "because I counted."))
    async with _world(server, tmp_path, monkeypatch) as world:
        thread = await world.ask("what is the answer?")
        await world.text(thread, "because I counted.", seconds=60)
        state, found = await _only_task(world)
        words = [str(m["text"]) for m in world.thread(thread)]
    assert state is TaskState.COMPLETED
    assert [text for kind, text in found if kind is StepKind.SAID] == ["The answer is forty-two, because I counted."]
    assert [w for w in words if "forty-two" in w] == ["The answer is forty-two, because I counted."]


async def test_a_malformed_tool_call_is_told_to_the_model_and_the_task_goes_on(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.will_reply(
        openai_sse.call(0, id="c", name="shop__error_rate", arguments='{"service": '),
        openai_sse.finish("tool_calls"),
        openai_sse.DONE,
    )
    server.will_reply(*_calls("shop.no_such_tool", {}))
    server.will_reply(*_says("I could not look."))
    async with _world(server, tmp_path, monkeypatch) as world:
        thread = await world.ask("how is checkout?")
        await world.text(thread, "I could not look.", seconds=40)
        state, found = await _only_task(world)
    assert state is TaskState.COMPLETED
    assert [text for kind, text in found if kind is StepKind.RESULT] == ["failed", "denied"]
    assert "not a JSON object" in json.dumps(server.received[1].body)
    assert "no tool" in json.dumps(server.received[2].body)
