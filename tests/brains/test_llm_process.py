"""What the llm brain does to the process around it."""

import statistics
import subprocess
import sys
import time

import pytest

from bot.brains.base import Saying
from tests.brains.conftest import ANTHROPIC, MakeBrain
from tests.brains.model_servers import ModelServer, anthropic_sse, openai_sse
from tests.brains.prompts import a_prompt

# Runs in a fresh interpreter: what is looked up and connected to goes to stdout, and how often the loop went round.
WATCHED_TURN = """
import asyncio, sys, time
sys.path.insert(0, ".")
seen = set()
def watch(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple):
        seen.add(args[1][0])
    if event == "socket.getaddrinfo":
        seen.add(str(args[0]))
sys.addaudithook(watch)
from bot.brains.llm import LlmBrain
assert "litellm" not in sys.modules, "importing the brain must not import litellm"
from tests.brains.model_servers import openai_sse as sse, serving
from tests.brains.prompts import all_of
async def main():
    turns = 0
    async def turn():
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1
    async with serving() as server:
        brain = LlmBrain("openai/local", api_base=server.url + "/v1", api_key="k")
        turning = asyncio.create_task(turn())
        await brain.warm()
        turning.cancel()
        server.will_reply(sse.text("hi"), sse.finish("stop"), sse.DONE)
        await all_of(brain)
        await brain.aclose()
    return turns
print(asyncio.run(main()), sorted(seen))
"""


@pytest.fixture(scope="module")
def turn() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", WATCHED_TURN],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_nothing_is_reached_but_the_api_base_and_nothing_is_printed(turn: subprocess.CompletedProcess[str]) -> None:
    assert turn.returncode == 0, turn.stderr
    assert turn.stdout.partition(" ")[2] == "['127.0.0.1']\n"
    assert "Warning" not in turn.stderr


def test_the_event_loop_goes_on_while_the_brain_warms_up(turn: subprocess.CompletedProcess[str]) -> None:
    """Warmed on the loop, it would go round once or twice."""
    assert int(turn.stdout.split()[0]) > 50, turn.stderr


async def test_the_first_word_comes_out_soon_after_the_server_wrote_it(server: ModelServer, brain: MakeBrain) -> None:
    warm = brain()
    await warm.warm()
    delays = []
    for _ in range(20):
        server.will_reply(openai_sse.text("hi"), openai_sse.finish("stop"), openai_sse.DONE)
        async for event in warm.think(a_prompt()):
            if isinstance(event, Saying):
                delays.append(time.perf_counter() - server.first_byte_at)
    # About 1.5 ms on an idle machine ('make bench' measures it); the bound only tells streaming from gathering.
    assert statistics.median(delays) < 0.5


async def test_check_says_in_one_sentence_whether_the_model_answers(server: ModelServer, brain: MakeBrain) -> None:
    server.will_reply(anthropic_sse.start(), *anthropic_sse.text(0, ["ok"]), *anthropic_sse.end("end_turn"))
    answer = await brain(ANTHROPIC).check()
    assert (answer.ok, answer.sentence) == (True, "model 'anthropic/claude-sonnet-4-5' answers")
    server.will_fail(401, {"error": {"message": "no"}})
    answer = await brain().check()
    assert not answer.ok
    assert answer.sentence == "the provider of model 'openai/local' did not accept the api key; set a valid key"
