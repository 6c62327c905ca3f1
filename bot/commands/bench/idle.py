"""The idle bot without a model: how long a start takes, and how much memory it holds."""

import asyncio
from pathlib import Path

from bot.commands.bench.bot_process import running_bot
from bot.commands.bench.numbers import Measured, Number, p50
from bot.demo.slack import app_config
from bot.demo.slack.server import LocalSlack


async def measure(home: Path, *, quick: bool) -> Measured:
    """Start it once to make the database, then as after every restart."""
    starts, settle = (1, 2.0) if quick else (3, 10.0)
    ready: list[float] = []
    resident: list[float] = []
    async with LocalSlack(app_config=app_config.AppConfig()).serve() as slack:
        async with running_bot(slack, home):
            pass  # compiles the byte code too, so that no number depends on it
        async with running_bot(slack, home.with_name("fresh")) as bot:
            first = bot.ready_seconds
        for _ in range(starts):
            async with running_bot(slack, home) as bot:
                ready.append(bot.ready_seconds)
                await asyncio.sleep(settle)  # what stays after the first look around
                resident.append(bot.resident_mb())
    return Measured(
        benchmark="idle bot",
        how=f"`autopilot run` against the local Slack, no model, SQLite, sample policy, {starts} starts",
        numbers=(
            Number(name="resident memory", value=p50(resident), unit="MB", target=120),
            Number(name="start to connected", value=p50(ready), unit="s", target=2),
            Number(name="first start, which makes the database", value=first, unit="s"),
        ),
    )
