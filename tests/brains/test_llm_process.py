"""What the llm brain does to the process around it."""

import asyncio
import statistics
import subprocess
import sys
import time

from bot.brains.base import Saying
from tests.brains.conftest import ANTHROPIC, MakeBrain
from tests.brains.model_servers import ModelServer, anthropic_sse, openai_sse
from tests.brains.prompts import a_prompt

# Runs in a fresh interpreter: every socket address and name that is looked up goes to stdout.
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
    async with serving() as server:
        brain = LlmBrain("openai/local", api_base=server.url + "/v1", api_key="k")
        await brain.warm()
        server.will_reply(sse.text("hi"), sse.finish("stop"), sse.DONE)
        await all_of(brain)
        await brain.aclose()
asyncio.run(main())
print(sorted(seen))
"""


def test_nothing_is_reached_but_the_api_base_and_nothing_is_printed() -> None:
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", WATCHED_TURN],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "['127.0.0.1']\n"), run.stderr
    assert "Warning" not in run.stderr


_TICKING = """
import asyncio
from bot.brains.llm import LlmBrain

async def main():
    ticks = 0
    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1
    ticking = asyncio.create_task(tick())
    await LlmBrain("openai/local", api_base="http://127.0.0.1:9", api_key="none").warm()
    ticking.cancel()
    print(ticks)

asyncio.run(main())
"""


async def test_the_event_loop_goes_on_while_the_brain_warms_up() -> None:
    """In a process of its own: here, other tests have warmed it already."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _TICKING, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert int(out) > 100, err.decode()


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
