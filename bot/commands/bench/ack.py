"""Event sent by Slack → ack back at Slack, over a real WebSocket, at a steady rate; beside a bare Bolt app."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.commands.bench.bot_process import running_bot
from bot.commands.bench.numbers import Measured, Number, p50, p99
from bot.demo.run import MANIFEST
from bot.demo.slack import app_config
from bot.demo.slack.delivery import Courier, Receipt
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.wire import Json
from bot.failed import CommandFailed

RATE = 50
"""mentions a second"""
HELD = ("bot.commands.bench.held_bot",)
BARE = ("bot.commands.bench.bare_bolt",)


@dataclass
class TimedCourier:
    """Passes events on and notes how long the ack of each mention took, in ms."""

    carrier: Courier
    took: list[float] = field(default_factory=list)
    lost: int = 0

    async def carry(self, kind: str, payload: Json, *, attempt: int, reason: str) -> Receipt:
        began = time.perf_counter()
        receipt = await self.carrier.carry(kind, payload, attempt=attempt, reason=reason)
        if payload.get("event", {}).get("type") != "app_mention":
            return (
                receipt  # Slack tells of each mention twice; the bot drops the `message`, which costs next to nothing
            )
        if receipt.acked:
            self.took.append((time.perf_counter() - began) * 1e3)
        else:
            self.lost += 1
        return receipt


async def measure(home: Path, *, quick: bool) -> Measured:
    seconds = 2 if quick else 10
    echo = await _acks(home.with_name("bare"), BARE, seconds)
    ours = await _acks(home, HELD, seconds)
    return Measured(
        benchmark="ack",
        how=f"{RATE} mentions/s for {seconds} s over Socket Mode, each with the `message` event Slack sends beside it; "
        "the bot stores a task, its audit entry and its first "
        "step before each ack (SQLite, synchronous=FULL); bare Bolt acks at once; both are processes of their own",
        numbers=(
            Number(name="event → ack, p50", value=p50(ours), unit="ms"),
            Number(name="event → ack, p99", value=p99(ours), unit="ms", target=50),
            Number(name="bare Bolt, p50", value=p50(echo), unit="ms"),
            Number(name="bare Bolt, p99", value=p99(echo), unit="ms"),
            Number(name="event → ack, p50 against bare Bolt", value=p50(ours) / p50(echo), unit="×", target=3),  # noqa: RUF001 - times
        ),
    )


async def _acks(home: Path, command: Sequence[str], seconds: int) -> list[float]:
    """How long each ack took."""
    as_installed = app_config.from_manifest(MANIFEST)
    async with LocalSlack(app_config=as_installed).serve() as slack, running_bot(slack, home, command=command):
        await slack.wait_connected(2)
        await _through(slack, count=RATE)  # warm: connections, statement caches
        courier = await _through(slack, count=RATE * seconds)
    if courier.lost:
        raise CommandFailed(f"{courier.lost} of {RATE * seconds} events were not acked in 3 s; nothing to compare")
    return courier.took


async def _through(slack: LocalSlack, *, count: int) -> TimedCourier:
    """Send so many mentions at the rate, and wait for what became of each."""
    courier = slack.delivery.courier = TimedCourier(slack.sockets)
    begin = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
        await slack.ui.send("U0ANA", "incidents", f"@autopilot what about number {number}?")
    await slack.wait_for(lambda: len(courier.took) + courier.lost >= count, 60)
    return courier
