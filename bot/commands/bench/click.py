"""Approve pressed in Slack → the approved call reaches the service behind the tool."""

import asyncio
import json
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bot.brains.base import JsonObject
from bot.commands.bench.bot_process import running_bot
from bot.commands.bench.model_server import ModelServer, Said, settings_for
from bot.commands.bench.numbers import Measured, Number, p50, quantile
from bot.commands.bench.switchboard import CALLS_A_TOOL, Switchboard, tool_name
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.wire import Json
from bot.slack.actions import ActionId

ASKERS = ("U0ANA", "U0SAM", "U0NOOR", "U0KIM", "U0RILEY")
"""several, because one person may be the cause of ten proposals a minute"""
CHANNELS = ("incidents", "ops", "safety", "support", "growth", "data")
"""several, because Slack takes one message a second in one channel, and twenty new streams a minute in all"""


async def measure(home: Path, *, quick: bool) -> Measured:
    approvals = 5 if quick else 20
    took: list[float] = []
    model, board = ModelServer(switch_or_done), Switchboard()
    async with model.serve(), board.serve(), LocalSlack().serve() as slack:
        manifest = board.write_manifest(home.parent, tools=-(-approvals // CALLS_A_TOOL))
        settings = {**settings_for(model), "AUTOPILOT_MANIFESTS": str(manifest)}
        async with running_bot(slack, home, **settings):
            await slack.wait_connected(2)
            for number in range(approvals):
                await ask(slack, number)
                found = await slack.wait_for(partial(card, slack, number), 120)
                assert found is not None  # wait_for waits until it is not
                channel, shown = found
                pressed = time.perf_counter()
                await slack.ui.click("U0DANA", channel, str(shown["ts"]), ActionId.APPROVE)
                async with asyncio.timeout(30):
                    while number not in board.set_at:  # noqa: ASYNC110 - the service notes the time itself
                        await asyncio.sleep(0.01)
                took.append((board.set_at[number] - pressed) * 1e3)
    return Measured(
        benchmark="click",
        how=f"{approvals} approvals one after another, by another person than asked; between click and call lie the "
        "vote, the worker's claim, every check again, a fresh preview over HTTP, and the intent row (SQLite)",
        numbers=(
            Number(name="Approve pressed → the call arrives, p50", value=p50(took), unit="ms", target=100),
            Number(name="Approve pressed → the call arrives, worst", value=quantile(took, 1), unit="ms"),
        ),
    )


async def ask(slack: LocalSlack, number: int) -> None:
    """Somebody asks for one switch."""
    channel = CHANNELS[number % len(CHANNELS)]
    await slack.ui.send(ASKERS[number % len(ASKERS)], channel, f"@autopilot set switch {number}.")


def card(slack: LocalSlack, number: int) -> tuple[str, Json] | None:
    """The channel and the card that waits for approval of one switch, once it is there."""
    channel = CHANNELS[number % len(CHANNELS)]
    for root in slack.ui.messages(channel):
        if not root["text"].endswith(f"set switch {number}."):
            continue
        for message in slack.ui.messages(channel, thread_ts=root["ts"]):
            if ActionId.APPROVE in str(message.get("blocks")):
                return channel, message
    return None


def switch_or_done(messages: Sequence[JsonObject]) -> Said:
    """What a model would do: call the tool once, then say so."""
    if messages[-1]["role"] == "tool":
        return Said(pieces=("Done: the switch is set, as it was asked for and approved.",))
    asked = next(text for m in reversed(messages) if m["role"] == "user" for text in (str(m["content"]),))
    number = int(asked.rpartition("switch ")[2].partition(".")[0])
    beside = {"reason_code": "TICKET", "why": "It was asked for."}
    return Said(tool=tool_name(number).replace(".", "__"), arguments=json.dumps({"number": number, **beside}))
