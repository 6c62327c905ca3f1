"""Twenty people press Approve every second, on PostgreSQL: how long until each approved call reaches its service."""

import asyncio
import time
from functools import partial
from pathlib import Path

from bot.commands.bench.bot_process import running_bot
from bot.commands.bench.click import ASKERS, ask, card, switch_or_done
from bot.commands.bench.model_server import ModelServer, settings_for
from bot.commands.bench.numbers import Measured, Number, p50, p99, quantile
from bot.commands.bench.postgres import a_postgres
from bot.commands.bench.switchboard import CALLS_A_TOOL, Switchboard
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.wire import Json
from bot.slack.actions import ActionId

A_SECOND = 20
A_MINUTE = 9
"""proposals that one person may be the cause of, and one to spare"""


async def measure(home: Path, *, quick: bool) -> Measured:
    approvals = 20 if quick else 120
    model, board, slack = ModelServer(switch_or_done), Switchboard(), LocalSlack()
    slack.office.limits.on = False  # this is about us: Slack would let one app write some of it
    async with a_postgres() as url, model.serve(), board.serve(), slack.serve():
        manifest = board.write_manifest(home.parent, tools=-(-approvals // CALLS_A_TOOL))
        settings = settings_for(model) | {"AUTOPILOT_MANIFESTS": str(manifest), "AUTOPILOT_DATABASE_URL": url}
        async with running_bot(slack, home, **settings):
            await slack.wait_connected(2)
            cards = await _cards(slack, approvals)
            took = await _press_all(slack, board, cards)
    return Measured(
        benchmark="click_postgres",
        how=f"{approvals} approvals, {A_SECOND} a second whatever became of those before, of one bot on PostgreSQL; "
        "Slack, the model, the service and the database are on the same machine; each task then goes on to its answer",
        numbers=(
            Number(name="Approve pressed → the call arrives, p50", value=p50(took), unit="ms", target=100),
            Number(name="Approve pressed → the call arrives, p99", value=p99(took), unit="ms", target=400),
            Number(name="Approve pressed → the call arrives, worst", value=quantile(took, 1), unit="ms"),
        ),
    )


async def _cards(slack: LocalSlack, count: int) -> list[tuple[str, Json]]:
    """One card a request, asked for as fast as people may."""
    found: list[tuple[str, Json]] = []
    for first in range(0, count, A_MINUTE * len(ASKERS)):
        began = time.monotonic()
        numbers = range(first, min(count, first + A_MINUTE * len(ASKERS)))
        for number in numbers:
            await ask(slack, number)
            one = await slack.wait_for(partial(card, slack, number), 120)
            assert one is not None  # wait_for waits until it is not
            found.append(one)
        if numbers[-1] < count - 1:
            await asyncio.sleep(max(0.0, 61 - (time.monotonic() - began)))
    return found


async def _press_all(slack: LocalSlack, board: Switchboard, cards: list[tuple[str, Json]]) -> list[float]:
    """Milliseconds from when each press was due, so that one that had to wait for others counts its wait."""
    began = time.perf_counter()

    async def press(number: int) -> float:
        due = began + number / A_SECOND
        await asyncio.sleep(due - time.perf_counter())
        channel, shown = cards[number]
        await slack.ui.click("U0DANA", channel, str(shown["ts"]), ActionId.APPROVE)
        await slack.wait_for(partial(board.set_at.get, number), 60)
        return (board.set_at[number] - due) * 1e3

    return list(await asyncio.gather(*(press(number) for number in range(len(cards)))))
