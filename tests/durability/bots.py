"""Bots as processes: started through the nursery, killed with SIGKILL, stopped with SIGTERM."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(kw_only=True, eq=False)
class BotProcess:
    """One running bot."""

    pid: int
    gone: asyncio.Event

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


@dataclass(kw_only=True)
class Nursery:
    """Starts bots."""

    process: asyncio.subprocess.Process

    async def start(self, environment: Mapping[str, str], log: Path) -> BotProcess:
        """A bot with this environment; it is not connected yet."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = json.dumps({"environment": dict(environment), "log": str(log)})
        self.process.stdin.write(order.encode() + b"\n")
        await self.process.stdin.drain()
        pid = int(await self.process.stdout.readline())
        return BotProcess(pid=pid, gone=_watch(pid))


def _watch(pid: int) -> asyncio.Event:
    """Set when the process has ended, whoever its parent is."""
    gone = asyncio.Event()
    handle = os.pidfd_open(pid)
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(handle)
        os.close(handle)
        gone.set()

    loop.add_reader(handle, ended)
    return gone


@contextlib.asynccontextmanager
async def a_nursery() -> AsyncIterator[Nursery]:
    """A process that starts bots while the block lasts; they end with it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.durability.nursery", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Nursery(process=process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
