"""One task from the terminal, worked to its end or to where people decide. It has a small database of its own."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

from bot.settings import Settings
from storage.db import Database
from storage.records import Task

After = Callable[[Database, Task], Awaitable[None]]


def terminal_home(config: Settings) -> Path:
    """Where tasks from the terminal are kept, apart from the bot's."""
    return config.home / "terminal"


async def work(
    config: Settings,
    request: str,
    user: str,
    *,
    dry_run: bool,
    console: Console,
    after: After | None = None,
    playbooks_only: bool = False,
) -> int:
    """The exit code of one task. `after` looks at the task when it has ended or waits.

    Raises:
        CannotStart: the people's file does not know the user.
    """
    from bot import foundation, locks
    from bot.orchestrator import sweeps
    from bot.orchestrator.core import Orchestrator
    from bot.orchestrator.requests import Request
    from bot.orchestrator.show import Showroom
    from bot.starting import CannotStart
    from bot.terminal import list_people
    from bot.terminal.outcome import Outcome, vouching
    from bot.terminal.stage import TerminalStage
    from storage.ids import new_id
    from storage.records import Source

    people = list_people.load(config.people_file, otherwise=user)
    if user not in people.groups_of:
        raise CannotStart(f"{user!r} is not in {str(config.people_file)!r}; add them there, or ask --as somebody")
    home = terminal_home(config)
    locks.hold(home / "autopilot.lock")
    config = config.model_copy(update={"home": home, "database_url": ""})
    if playbooks_only:
        config = config.model_copy(update={"model": ""})
    async with foundation.core(config) as base:
        base.db.sees = list_people.TENANT
        await sweeps.take_back(base.db, only_expired=False)  # the lock is ours, so whoever held them is dead
        gateway = base.gateway(people)
        orchestrator = Orchestrator(db=base.db, gateway=gateway, people=people, agents=base.agents)
        stretch = asyncio.Event()
        stage = TerminalStage(console=console, redact=base.shown, closed=stretch.set)
        worker = base.worker(gateway, people, stage)
        key, at = new_id("cli"), f"{time.time():.6f}"
        task = await orchestrator.submit(
            Request(
                tenant=list_people.TENANT,
                source=Source.CLI,
                channel="terminal",
                thread_ts=at,
                request_ts=at,
                requester=user,
                requester_team=list_people.TENANT,
                text=request,
                keys=(key,),
                dry_run=dry_run,
            )
        )
        assert task is not None  # its key is new
        stage.shown = task.id
        working = asyncio.create_task(worker.run())
        stopping: set[asyncio.Task[bool]] = set()

        def stop() -> None:
            stopping.add(asyncio.ensure_future(orchestrator.stop(task.tenant, task.id, user)))

        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop)
        try:
            showroom = Showroom(base.db, gateway, people, base.evidence_url)
            code = await Outcome(
                db=base.db, showroom=showroom, console=console, task=task, vouched=vouching(gateway)
            ).wait(stretch, working)
            if after is not None:
                await after(base.db, task)
            return code
        finally:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            worker.stop()
            await asyncio.wait([working], timeout=2)
            working.cancel()
            await asyncio.gather(working, *stopping, return_exceptions=True)
