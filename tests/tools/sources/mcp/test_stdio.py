"""The pipe to a program that speaks MCP: what is left in it when nobody listens any more."""

import asyncio
import gc
import sys
from typing import Any

import pytest
from anyio import EndOfStream

from tools.sources.confined import Limits
from tools.sources.mcp_stdio import stdio

FLOOD = "import sys, time; sys.stdout.write('x' * 20_000_000); sys.stdout.flush(); time.sleep(60)"


def test_of_a_flood_nothing_stays_open_when_the_loop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it waited for: asyncio would wait for the pipe that nobody reads."""
    left: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", left.append)

    async def listen() -> None:
        program = [sys.executable, "-c", FLOOD]
        limits = Limits(files=None, network=True)
        async with stdio(program, environ={}, folder="", limits=limits, complained=print) as (read, _):
            with pytest.raises(EndOfStream):  # it says more than a message may
                await read.receive()

    asyncio.run(asyncio.wait_for(listen(), 30))
    gc.collect()
    assert left == []
