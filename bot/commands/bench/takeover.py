"""Two replicas on PostgreSQL, and the one at work is killed: how long until the other goes on."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from bot.brains.base import JsonObject
from bot.commands.bench.bot_process import RunningBot, running_bot
from bot.commands.bench.model_server import ModelServer, Said, settings_for
from bot.commands.bench.numbers import Measured, Number, p50, quantile
from bot.commands.bench.postgres import a_postgres
from bot.demo.slack.server import LocalSlack
from storage.db import Database
from storage.row_security import EVERYTHING
from storage.tables import tasks

PATIENCE = 60.0


async def measure(home: Path, *, quick: bool) -> Measured:
    times = 1 if quick else 5
    took = [await _once(home.with_name(f"home-{number}")) for number in range(times)]
    return Measured(
        benchmark="takeover",
        how=f"{times} times: two replicas on PostgreSQL, kill -9 of the one whose model is answering; until the other "
        "asks the model on the same task (lease 12 s, renewed every second)",
        numbers=(
            Number(name="kill -9 → another replica goes on, p50", value=p50(took), unit="s"),
            Number(name="kill -9 → another replica goes on, worst", value=quantile(took, 1), unit="s", target=15),
        ),
    )


async def _once(home: Path) -> float:
    asked: list[float] = []

    def answer(_messages: Sequence[JsonObject]) -> Said:
        asked.append(time.perf_counter())
        # The first answer never ends, so its replica is at work when it dies.
        return Said(pieces=("Let me look.",) * 1000, pause=0.5) if len(asked) == 1 else Said(pieces=("It is well.",))

    model = ModelServer(answer)
    async with a_postgres() as url, model.serve(), LocalSlack().serve() as slack:
        settings = {**settings_for(model), "AUTOPILOT_DATABASE_URL": url}
        async with (
            running_bot(slack, home, **settings) as one,
            running_bot(slack, home, **settings) as two,
        ):
            await slack.wait_connected(4)
            await slack.ui.send("U0ANA", "incidents", "@autopilot is all well?")
            await _until(partial(len, asked))
            os.kill((await _at_work(url, (one, two))).pid, signal.SIGKILL)
            killed = time.perf_counter()
            await _until(lambda: len(asked) > 1)
            return asked[1] - killed


async def _until(over: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not over():  # noqa: ASYNC110 - ten milliseconds are nothing here
            await asyncio.sleep(0.01)


async def _at_work(url: str, bots: Sequence[RunningBot]) -> RunningBot:
    db = Database(url, sees=EVERYTHING)
    try:
        async with db.read() as tx:
            owner = str((await tx.run(sa.select(tasks.c.owner).where(tasks.c.owner.is_not(None)))).scalar_one())
    finally:
        await db.close()
    return next(bot for bot in bots if f"-{bot.pid}-" in owner)
