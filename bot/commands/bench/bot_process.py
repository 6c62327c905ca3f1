"""The real bot as a process of its own, against the local Slack of this one."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.demo.slack.server import LocalSlack
from bot.failed import CommandFailed

READY = b"is connected"
PATIENCE = 60.0
RUN = ("bot.cli", "run", "--until-parent-ends")
PACKAGE = Path(__file__).parents[3]
_OURS = ("AUTOPILOT_", "SLACK_", "SHOP_")


@dataclass(frozen=True, kw_only=True)
class RunningBot:
    pid: int
    ready_seconds: float

    def resident_mb(self) -> float:
        """Memory the process holds now, in MB of a million bytes."""
        import psutil

        return float(psutil.Process(self.pid).memory_info().rss) / 1e6


@contextlib.asynccontextmanager
async def running_bot(
    slack: LocalSlack,
    home: Path,
    *,
    command: Sequence[str] = ("bot.cli", "run", "--until-parent-ends"),
    **settings: str,
) -> AsyncIterator[RunningBot]:
    """`autopilot run`, or another module that says when it is ready, until the context ends.

    Raises:
        CommandFailed: it does not come up; the message ends with what it said last.
    """
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        env=_environment(slack, home, settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    said: list[bytes] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while READY not in (line := await process.stdout.readline()):
                if not line:
                    last = said[-1].decode(errors="replace").strip() if said else "nothing"
                    raise CommandFailed(f"the bot did not start; it said last: {last}")
                said.append(line)
        ready = time.perf_counter() - began
        draining = asyncio.create_task(_drain(process.stdout))
        try:
            yield RunningBot(pid=process.pid, ready_seconds=ready)
        finally:
            draining.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(10):
                    await process.communicate()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass


def _environment(slack: LocalSlack, home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    # Installed packages come compiled; a checkout that may not write its byte code would compile at every start.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return inherited | {
        "PYTHONPATH": str(PACKAGE),
        "PYTHONPYCACHEPREFIX": str(home.parent / "bytecode"),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "AUTOPILOT_SLACK_API_URL": slack.api_url,
        "AUTOPILOT_HOME": str(home),
        "AUTOPILOT_CONSOLE_PORT": "0",
        "AUTOPILOT_REQUESTS_PER_MINUTE": "1000000",
        "AUTOPILOT_LOG_LEVEL": "WARNING",
        **settings,
    }
