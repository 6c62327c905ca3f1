"""`make soak`: minutes of workspace life with faults at 5 % of all calls; then everything must be there, once."""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bot.commands.bench.bot_process import RunningBot, running_bot
from bot.commands.bench.switchboard import Switchboard
from bot.demo.run import MANIFEST
from bot.demo.slack import app_config
from bot.demo.slack.faults import FaultKind
from bot.demo.slack.server import LocalSlack
from storage import posts, proposals, steps, tasks
from storage.db import Database
from storage.records import StepKind
from storage.tables import posts as posts_table
from tests.soak.life import Counting, Life

FAULTS: tuple[tuple[FaultKind, dict[str, Any]], ...] = (
    (FaultKind.ERROR, {"status": 500, "error": "internal_error"}),
    (FaultKind.RATE_LIMIT, {"retry_after": 1}),
    (FaultKind.DROP_BEFORE, {}),
    (FaultKind.DROP_AFTER, {}),
    (FaultKind.LATENCY, {"latency": 1.0}),
)
SHARE = 0.01
"""of all calls for each of these: 5 % together"""
SWITCHES = 60
"""tools that set switches; the rules allow each of them only so many changes an hour"""
EVERY = 5.0
"""seconds between two looks at the memory"""
QUIET = 240.0
"""seconds everything may take to come to rest at the end"""


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """What a run came to."""

    minutes: float
    rows: tuple[tuple[str, str], ...]
    troubles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Held:
    """How many asyncio tasks a process holds, and of which coroutines."""

    tasks: int
    names: dict[str, int]


async def soak(minutes: float, home: Path, *, seed: int) -> Soaked:
    """Live for so long, come to rest, and look."""
    board = Switchboard(set_at=Counting())
    file = home.parent / "held.json"
    async with board.serve(), LocalSlack(app_config=app_config.from_manifest(MANIFEST)).serve() as slack:
        manifest = board.write_manifest(home.parent, tools=SWITCHES)
        command = ("tests.soak.bot", str(file))
        async with running_bot(slack, home, command=command, AUTOPILOT_MANIFESTS=str(manifest)) as bot:
            await slack.wait_connected(2)
            await asyncio.sleep(3.0)
            before = await _held(bot, file)
            slack.faults.reseed(seed)
            for kind, how in FAULTS:
                slack.faults.add(kind, probability=SHARE, **how)
            life, memory = Life(slack, board, random.Random(seed)), _Memory(bot.pid)  # noqa: S311 - reproducible
            watching = asyncio.create_task(memory.watch())
            await life.live(minutes * 60)
            struck, called = sum(f.struck for f in slack.faults.plan), len(slack.log.find(kind="api"))
            open_ = await _rest(life, home)
            slack.faults.clear()
            watching.cancel()
            await life.show_all()
            open_ += await _rest(life, home)
            after = await _held(bot, file)
            troubles = [*open_, *life.troubles(), *await _why_not_set(life, home)]
            leaked = after.tasks - before.tasks
            if leaked > 0:
                troubles.append(f"{leaked} tasks leaked: {before.names} became {after.names}")
    rows = (
        ("minutes", f"{minutes:g}"),
        ("requests", f"{len(life.asked)}, of these {sum(one.stopped for one in life.asked)} stopped"),
        ("changes approved and set", f"{len(board.set_at)} of {sum(one.switch for one in life.asked)}"),
        ("other things people did", ", ".join(f"{count} {what}" for what, count in sorted(life.done.items()))),
        (
            "calls of Slack",
            f"{called:,}, of these {struck:,} struck by a fault ({100 * struck / max(called, 1):.1f} %)",
        ),
        ("words lost, doubled or out of order", str(len(troubles))),
        ("asyncio tasks before and after", f"{before.tasks} and {after.tasks}"),
        ("memory", memory.in_words()),
    )
    return Soaked(minutes=minutes, rows=rows, troubles=tuple(troubles))


async def _held(bot: RunningBot, file: Path) -> _Held:
    """What the bot's process holds right now."""

    def look() -> _Held | None:
        return _Held(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None

    await asyncio.to_thread(file.unlink, missing_ok=True)
    os.kill(bot.pid, signal.SIGUSR1)
    async with asyncio.timeout(30):
        while (found := await asyncio.to_thread(look)) is None:  # noqa: ASYNC110 - another process writes the file
            await asyncio.sleep(0.05)
    return found


async def _rest(life: Life, home: Path) -> list[str]:
    """Wait until every task has ended and every message shows what it should; what has not, when that takes long."""
    db = Database(f"sqlite:///{home}/autopilot.db")
    approving = asyncio.create_task(life._approve())
    try:
        until = time.monotonic() + QUIET
        while True:
            async with db.read() as tx:
                open_ = await tasks.recent(tx, "T0ACME", limit=10_000, only_open=True)
                known = await tasks.recent(tx, "T0ACME", limit=10_000)
                behind = (await tx.run(posts_table.select().where(posts_table.c.shown < posts_table.c.wanted))).all()
            if not open_ and not behind and len(known) >= len(life.asked):
                return []
            if time.monotonic() > until:
                lost = len(life.asked) - len(known)
                return [
                    *(f"task {task.title!r} is still {task.state}" for task in open_),
                    *(f"a {posts.record(row).kind} of {row.subject} is behind" for row in behind),
                    *([f"{lost} requests never became tasks"] if lost > 0 else []),
                ]
            await asyncio.sleep(1.0)
    finally:
        approving.cancel()
        await db.close()


async def _why_not_set(life: Life, home: Path) -> list[str]:
    """What the record says of each change that never came to its service."""
    db, found = Database(f"sqlite:///{home}/autopilot.db"), []
    try:
        async with db.read() as tx:
            for one in life.asked:
                if not one.switch or life.board.set_at.get(one.number):
                    continue
                task = await tasks.newest_in_thread(tx, "T0ACME", one.channel, one.thread)
                if task is None:
                    found.append(f"switch {one.number}: no task")
                    continue
                said = [(p.state.value, p.outcome) for p in await proposals.of_task(tx, task.tenant, task.id)]
                came = [step.body for step in await steps.of_task(tx, task) if step.kind is StepKind.RESULT]
                found.append(f"switch {one.number}: {task.state} ({task.reason}), proposals {said}, results {came}")
    finally:
        await db.close()
    return found


class _Memory:
    """Looks at a process's resident memory."""

    def __init__(self, pid: int) -> None:
        self._process, self._began = psutil.Process(pid), time.monotonic()
        self.seen: list[tuple[float, float]] = []

    async def watch(self) -> None:
        while True:
            self.seen.append((time.monotonic() - self._began, self._process.memory_info().rss / 1e6))
            await asyncio.sleep(EVERY)

    @property
    def slope(self) -> float:
        """MB an hour over the second half; the first fills caches."""
        half = self.seen[len(self.seen) // 2 :]
        middle_at = sum(at for at, _ in half) / len(half)
        middle_mb = sum(mb for _, mb in half) / len(half)
        spread = sum((at - middle_at) ** 2 for at, _ in half)
        if not spread:
            return 0.0
        return 3600 * sum((at - middle_at) * (mb - middle_mb) for at, mb in half) / spread

    def in_words(self) -> str:
        mb = [mb for _, mb in self.seen]
        tenths = ", ".join(f"{mb[(len(mb) - 1) * tenth // 10]:.0f}" for tenth in range(11))
        return f"{tenths} MB, at the start and after each tenth; {self.slope:+.1f} MB/h in the second half"


def main() -> int:
    minutes = float(os.environ.get("SOAK_MINUTES") or 30)
    seed = int(os.environ.get("SEED") or 1)
    with tempfile.TemporaryDirectory(prefix="autopilot-soak-") as folder:
        soaked = asyncio.run(soak(minutes, Path(folder) / "home", seed=seed))
        log = Path(folder) / "held.log"
        if soaked.troubles and log.exists():
            Path(".artifacts").mkdir(exist_ok=True)
            Path(".artifacts/soak.log").write_bytes(log.read_bytes())
    told = [f"soak, seed {seed}", *(f"  {name:<36} {value}" for name, value in soaked.rows)]
    sys.stdout.write("\n".join([*told, *(f"  ! {trouble}" for trouble in soaked.troubles[:50])]) + "\n")
    return 1 if soaked.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
