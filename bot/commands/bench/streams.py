"""What streaming costs: calls of Slack for a thousand tokens, and how long 1, 10 and 50 askers wait for first words."""

import time
from functools import partial
from pathlib import Path

from bot.commands.bench.ack import HELD, TimedCourier
from bot.commands.bench.bot_process import running_bot
from bot.commands.bench.model_server import ModelServer, Said, settings_for
from bot.commands.bench.numbers import Measured, Number, p50, quantile
from bot.demo.run import MANIFEST
from bot.demo.slack import app_config
from bot.demo.slack.server import LocalSlack
from bot.failed import CommandFailed

CHANNELS = ("incidents", "ops", "safety", "support", "growth", "data")
TOKENS = 1_000
PAUSE = 0.02
"""seconds between two tokens: fifty a second"""
ANSWER = [f"word{number} " for number in range(40)]
IN_FLIGHT = 32
"""messages on their way to the bot at once; of more, Slack gives up those that wait longer than 3 s for their ack"""
PATIENCE = 300.0


async def measure(home: Path, *, quick: bool) -> Measured:
    calls = await _calls(home.with_name("tokens"))
    waits = {
        count: await _waits(home.with_name(f"waits{count}"), count) for count in ((1, 10) if quick else (1, 10, 50))
    }
    rate = await _rate(home.with_name("rate"), 100 if quick else 500)
    return Measured(
        benchmark="streams",
        how=f"a local model streams through litellm at {1 / PAUSE:.0f} tokens/s; Slack's rate limits are on, and one "
        f"process asks for a workspace; messages are mentions, each stored before its ack, {IN_FLIGHT} on their way",
        numbers=(
            Number(name=f"calls of Slack for {TOKENS:,} streamed tokens", value=float(calls), unit="calls", target=60),
            *(
                Number(name=f"mention → first words, {count} at once, {which}", value=value, unit="s", target=target)
                for count, found in waits.items()
                for which, value, target in (
                    ("p50", p50(found), None),
                    ("worst", quantile(found, 1), 3.0 if count <= 10 else None),
                )
            ),
            Number(name="messages through one process", value=rate, unit="/s"),
        ),
        notes=(
            "Slack begins 20 streams a minute in a workspace; who asks after that is answered in a post that is edited",
            "a process works on 12 new requests at once, so the last of 50 wait for the first to end",
        ),
    )


async def _calls(home: Path) -> int:
    """How often Slack is called from the first word to the last, in however many messages."""
    model = ModelServer(lambda _messages: Said(pieces=[f"token{n} " for n in range(TOKENS)], pause=PAUSE))
    async with model.serve(), LocalSlack().serve() as slack, running_bot(slack, home, **settings_for(model)):
        await slack.wait_connected(2)
        thread = str((await slack.ui.send("U0ANA", "incidents", "@autopilot tell me much"))["ts"])

        def told() -> bool:
            shown = slack.ui.messages("incidents", thread_ts=thread)[1:]
            return f"token{TOKENS - 1}" in str(shown) and not any(one.get("streaming") for one in shown)

        await slack.wait_for(told, PATIENCE)
        every = slack.log.find(kind="api")
    return sum(one.name.startswith(("chat.", "agents.")) for one in every)


async def _waits(home: Path, count: int) -> list[float]:
    """For each asker, the seconds from the mention to the first words in the thread."""
    model = ModelServer(lambda _messages: Said(pieces=ANSWER, pause=PAUSE))
    async with model.serve(), LocalSlack().serve() as slack, running_bot(slack, home, **settings_for(model)):
        await slack.wait_connected(2)
        await slack.ui.send("U0ANA", "incidents", "@autopilot warm up")  # litellm is imported with the first
        await slack.wait_for(partial(slack.log.find, name="chat.stopStream"), PATIENCE)
        asked: dict[str, tuple[str, float]] = {}
        for number in range(count):
            channel = CHANNELS[number % len(CHANNELS)]
            at = time.perf_counter()
            sent = await slack.ui.send("U0ANA", channel, f"@autopilot question {number}")
            asked[str(sent["ts"])] = (channel, at)
        took: dict[str, float] = {}

        def look() -> bool:
            for thread, (channel, at) in asked.items():
                if thread not in took and "word" in str(slack.ui.messages(channel, thread_ts=thread)[1:]):
                    took[thread] = time.perf_counter() - at
            return len(took) == len(asked)

        await slack.wait_for(look, PATIENCE)
    return list(took.values())


async def _rate(home: Path, count: int) -> float:
    """Mentions a second that one process takes: each acked in time, and on disk."""
    as_installed = app_config.from_manifest(MANIFEST)
    async with LocalSlack(app_config=as_installed).serve() as slack, running_bot(slack, home, command=HELD):
        await slack.wait_connected(2)
        courier = slack.delivery.courier = TimedCourier(slack.sockets)

        def acked(least: int) -> bool:
            return len(courier.took) + courier.lost >= least

        began = time.perf_counter()
        for number in range(count):
            await slack.wait_for(partial(acked, number - IN_FLIGHT), PATIENCE)
            await slack.ui.send("U0ANA", "incidents", f"@autopilot what about number {number}?")
        await slack.wait_for(partial(acked, count), PATIENCE)
        took = time.perf_counter() - began
    if courier.lost:
        raise CommandFailed(f"{courier.lost} of {count} messages were not acked in 3 s; so fast it is not")
    return len(courier.took) / took
