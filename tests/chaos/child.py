"""`python -m tests.chaos.child`: imports the bot once and forks one for every line on stdin, with points and a clock.

As tests/durability/nursery.py, but what runs in the child is the wiring with a brain of ours.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from sqlite3 import dbapi2
from typing import Any

import uvloop

import bot.cli
import bot.console.app
import bot.wiring  # imported so that the children need not
from bot import light
from bot.commands.configured import configured
from policy.types import Obligation
from tests.chaos.brain import ChaosBrain
from tests.chaos.orders import JumpingClock, Obedience
from tests.chaos.points import install
from tools import proposing


def main() -> None:
    """A line {"environment": {…}, "log": path} starts a bot; its pid is printed. The end of stdin ends this."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_bot(order["environment"], order["log"])
        print(pid, flush=True)  # noqa: T201  the answer


def _become_bot(environment: dict[str, str], log: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, target in ((0, nothing), (1, out), (2, out)):
        os.dup2(target, stream)
    os.environ.clear()
    os.environ.update(environment)
    try:
        light.skip_unused()
        uvloop.run(_run(Path(environment["CHAOS_ORDERS"])))
    except BaseException as end:  # whatever it is, it belongs into the log
        sys.stderr.write(f"the bot ended: {type(end).__name__}: {end}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


async def _run(orders: Path) -> None:
    config = configured()
    clock = JumpingClock()
    clock.install()
    _set_clock_of_sqlite(clock)
    install(Obedience(orders, clock).passed)
    _shorten_lives(float(os.environ["CHAOS_LIFETIME"]))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    watching = asyncio.create_task(bot.cli._watch_parent(stop))
    await bot.wiring.run(config, stop, brain=ChaosBrain())
    watching.cancel()


def _shorten_lives(seconds: float) -> None:
    """Proposals expire after so many seconds; 0 leaves them as they are."""
    as_asked = proposing.lifetime

    def soon(obligations: tuple[Obligation, ...], now: float, most: float | None = None) -> dict[str, object]:
        return {**as_asked(obligations, now, most), "expires_at": now + seconds}

    if seconds:
        proposing.lifetime = soon


def _set_clock_of_sqlite(clock: JumpingClock) -> None:
    """SQLite asks the process for the time: `julianday('now')` of storage/clock.py goes wrong with it."""
    connect = dbapi2.connect

    def with_our_clock(*args: Any, **kwargs: Any) -> dbapi2.Connection:
        connection: dbapi2.Connection = connect(*args, **kwargs)
        connection.create_function("julianday", 1, clock.julian_day)
        return connection

    dbapi2.connect = with_our_clock  # type: ignore[assignment]


if __name__ == "__main__":
    main()
