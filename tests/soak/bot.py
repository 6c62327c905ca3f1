"""The soaked bot, a process of its own: the real wiring; SIGUSR1 writes down what it holds."""

import asyncio
import gc
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from bot import settings, wiring
from bot.agent import definition
from bot.logs import set_up
from policy.redaction import Redactor
from tests.soak.brain import SoakBrain


def _write_down(file: Path) -> None:
    gc.collect()
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())
    written = file.with_suffix(".new")
    written.write_text(json.dumps({"tasks": sum(names.values()), "names": names}), encoding="utf-8")
    written.replace(file)


def _ready(log: Path) -> None:
    sys.stdout.write("the bot is connected\n")
    sys.stdout.flush()
    kept = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(kept, 1)
    os.dup2(kept, 2)


async def _run(file: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, _write_down, file)
    config = settings.read()
    set_up(level=config.log_level, fmt=config.log_format, redactor=Redactor.default())
    await wiring.run(
        config,
        stop,
        on_ready=lambda: _ready(file.with_suffix(".log")),
        agent=definition.load(),
        brain=SoakBrain(),
    )


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1])))
