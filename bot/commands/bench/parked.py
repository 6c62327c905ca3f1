"""Ten thousand tasks that wait for people: what they cost a bot that does nothing else."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import psutil
import sqlalchemy as sa

from bot.commands.bench.bot_process import RunningBot, running_bot
from bot.commands.bench.numbers import Measured, Number
from bot.demo.slack.server import LocalSlack
from storage.db import Database
from storage.migrate import migrate
from storage.records import PostKind, ProposalState, Source, StepKind, TaskState
from storage.row_security import EVERYTHING
from storage.tables import posts, proposals, steps, tasks

TENANT = "T0ACME"
FAR = 4e9
"""long after today: they expire for nobody"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    memory_mb: float
    cpu_percent: float
    """of one core"""


async def measure(home: Path, *, quick: bool) -> Measured:
    count, seconds = (1000, 3.0) if quick else (10_000, 20.0)
    without = await _cost(home.with_name("none"), 0, seconds)
    parked = await _cost(home, count, seconds)
    memory, cpu = parked.memory_mb - without.memory_mb, parked.cpu_percent - without.cpu_percent
    return Measured(
        benchmark="parked",
        how=f"`autopilot run` on SQLite for {seconds:.0f} s after its start, with {count} tasks waiting for approval, "
        "each with its proposal, card and transcript, and with none",
        numbers=(
            Number(name="extra memory of all parked tasks", value=memory, unit="MB", target=20),
            Number(name="extra CPU of all parked tasks", value=cpu, unit="% of a core", target=1),
            Number(name="CPU of the bot without any", value=without.cpu_percent, unit="% of a core"),
        ),
    )


async def _cost(home: Path, count: int, seconds: float) -> Cost:
    home.mkdir(parents=True)  # noqa: ASYNC240 - takes no time
    url = f"sqlite:///{home / 'autopilot.db'}"
    db = Database(url, sees=EVERYTHING)
    try:
        await migrate(db)
        if count:
            await park(db, count)
    finally:
        await db.close()
    async with LocalSlack().serve() as slack, running_bot(slack, home, AUTOPILOT_DATABASE_URL=url) as bot:
        await slack.wait_connected(2)
        await asyncio.sleep(2)  # the first look around
        return await _watched(bot, seconds)


async def _watched(bot: RunningBot, seconds: float) -> Cost:
    process = psutil.Process(bot.pid)
    before = process.cpu_times()
    await asyncio.sleep(seconds)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return Cost(memory_mb=bot.resident_mb(), cpu_percent=100 * used / seconds)


async def park(db: Database, count: int) -> None:
    """The rows that a parked task leaves; whether its proposal could run does not matter to who waits."""
    async with db.write() as tx:
        at = await tx.time()
        numbers = range(count)
        await tx.run(sa.insert(tasks), [_task(number, at) for number in numbers])
        await tx.run(sa.insert(proposals), [_proposal(number, at) for number in numbers])
        await tx.run(sa.insert(posts), [_card(number, at) for number in numbers])
        await tx.run(sa.insert(steps), [step for number in numbers for step in _transcript(number, at)])


def _transcript(number: int, at: float) -> list[dict[str, object]]:
    said = {"text": "turn the flag off", "by": "U0ANA"}
    called = {"call_id": "c1", "tool": "shop.set_flag", "arguments": {"name": "new-checkout", "on": False}}
    row = {"task_id": f"t{number}", "tenant": TENANT, "turn": 0, "at": at}
    return [
        {**row, "seq": 0, "kind": StepKind.USER, "body": said},
        {**row, "seq": 1, "kind": StepKind.CALLED, "body": called},
    ]


def _task(number: int, at: float) -> dict[str, object]:
    return {
        "id": f"t{number}",
        "tenant": TENANT,
        "source": Source.MENTION,
        "channel": "C0INCIDENTS",
        "thread_ts": f"{number}.0",
        "request_ts": f"{number}.0",
        "requester": "U0ANA",
        "requester_team": TENANT,
        "text": "turn the flag off",
        "title": "turn the flag off",
        "agent": "autopilot",
        "agent_version": "1",
        "state": TaskState.NEEDS_APPROVAL,
        "due_at": at,
        "proposal_id": f"{number:064x}",
        "correlation_id": f"{number:012d}",
        "created_at": at,
        "updated_at": at,
    }


def _proposal(number: int, at: float) -> dict[str, object]:
    return {
        "id": f"{number:064x}",
        "tenant": TENANT,
        "task_id": f"t{number}",
        "call_id": "c1",
        "sealed": json.dumps({"filler": "x" * 2000}),
        "tool": "shop.set_flag",
        "state": ProposalState.OPEN,
        "expires_at": FAR,
        "created_at": at,
    }


def _card(number: int, at: float) -> dict[str, object]:
    return {
        "id": f"p{number}",
        "tenant": TENANT,
        "task_id": f"t{number}",
        "kind": PostKind.CARD,
        "subject": f"{number:064x}",
        "channel": "C0INCIDENTS",
        "thread_ts": f"{number}.0",
        "ts": f"{number}.1",
        "wanted": 1,
        "shown": 1,
        "body": {},
        "due_at": at,
        "created_at": at,
    }
