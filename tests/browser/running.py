"""`autopilot demo` as anyone starts it: its own process, its own ports, and eyes on the shop behind it."""

import asyncio
import contextlib
import logging
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

_log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
_PID = re.compile(r"kill -9 (\d+)")


@dataclass(frozen=True, kw_only=True)
class RunningDemo:
    """Where a running demo is, and what really happened in its shop."""

    slack_url: str
    console_url: str
    bot_pid: int
    home: Path
    shop: httpx.AsyncClient

    async def effects(self) -> list[tuple[str, dict[str, object]]]:
        """Every write the shop applied, oldest first: operation and arguments."""
        rows = (await self.shop.get("/demo/effects")).json()["effects"]
        return [(row["operation"], row["args"]) for row in rows]

    async def error_rate(self) -> float:
        """The share of checkout requests that fail at this moment."""
        return float((await self.shop.get("/demo/state")).json()["now"]["checkout_error_rate"])

    async def error_rate_falls(self, below: float, *, seconds: float = 30) -> None:
        """Returns once the shop itself says so."""
        async with asyncio.timeout(seconds):
            while await self.error_rate() >= below:  # noqa: ASYNC110  the shop is another process: asking is all there is
                await asyncio.sleep(0.25)

    async def somebody_turns_the_flag_off(self) -> None:
        """The target of a waiting proposal moves behind its card."""
        await self.shop.put("/demo/faults", json={"bad_flag": False})

    async def slack_takes_no_updates(self, on: bool) -> None:
        """Messages stay as they are: chat.update answers with an error of Slack's own."""
        async with httpx.AsyncClient(base_url=self.slack_url) as slack:
            await slack.delete("/control/faults")
            if on:
                await slack.post("/control/faults", json={"kind": "error", "method": "chat.update", "status": 500})

    async def answer_slowly(self, on: bool) -> None:
        """Every call to the shop takes two seconds, so that a task can be met while it works."""
        await self.shop.put("/demo/faults", json={"service": "slow" if on else "none"})


@contextlib.asynccontextmanager
async def running_demo(home: Path, *, fault: str = "bad_flag") -> AsyncIterator[RunningDemo]:
    """A demo that is ready; it is stopped with SIGTERM, and must then end by itself."""
    port, shop_port, console_port = _free_ports(3)
    places = {"--home": home, "--port": port, "--shop-port": shop_port, "--console-port": console_port}
    options = [str(word) for pair in places.items() for word in pair]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "demo", "--no-browser", "--fault", fault, *options),
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        pid = await _bot_pid(process)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{shop_port}") as shop:
            yield RunningDemo(
                slack_url=f"http://127.0.0.1:{port}",
                console_url=f"http://127.0.0.1:{console_port}",
                bot_pid=pid,
                home=home,
                shop=shop,
            )
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(25):
            await process.communicate()
        # pytest shows it when the test failed, and only then
        _log.warning("the bot's log ends with:\n%s", (home / "bot.log").read_text()[-3_000:])


async def _bot_pid(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(40):
        while line := await process.stdout.readline():
            said += line.decode()
            if found := _PID.search(said):
                return int(found[1])
    raise AssertionError(f"the demo ended before it was ready:\n{said}")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in taken]
