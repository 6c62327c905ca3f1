"""`autopilot ask`: one task from the terminal. It has a small database of its own, so a running bot never sees it."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from bot.settings import Settings


def ask(
    request: Annotated[str, typer.Argument(help="What to find out or do, in your own words.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would happen.")] = False,
    as_user: Annotated[str, typer.Option("--as", help="Who asks; default: you.")] = "",
) -> None:
    """Give the bot one task here, without Slack. A change it proposes is shown and kept; nothing runs unapproved."""
    from bot.commands.configured import configured
    from bot.terminal.list_people import current_user

    if not request.strip():
        raise typer.BadParameter("say what to find out or do", param_hint="REQUEST")
    config = configured(quiet=True)
    code = asyncio.run(_ask(config, request, as_user or current_user(), dry_run=dry_run))
    raise typer.Exit(code)


def terminal_home(config: Settings) -> Path:
    """Where tasks from the terminal are kept, apart from the bot's."""
    return config.home / "terminal"


async def _ask(config: Settings, request: str, user: str, *, dry_run: bool) -> int:
    from rich.console import Console

    from bot import foundation, locks
    from bot.orchestrator import sweeps
    from bot.orchestrator.core import Orchestrator
    from bot.orchestrator.requests import Request
    from bot.orchestrator.show import Showroom
    from bot.terminal import list_people
    from bot.terminal.outcome import Outcome
    from bot.terminal.stage import TerminalStage
    from storage.ids import new_id
    from storage.records import Source

    people = list_people.load(config.people_file, otherwise=user)
    if user not in people.groups_of:
        raise foundation.CannotStart(
            f"{user!r} is not in {str(config.people_file)!r}; add them there, or ask --as somebody"
        )
    home = terminal_home(config)
    locks.hold(home / "autopilot.lock")
    config = config.model_copy(update={"home": home, "database_url": ""})
    console = Console(highlight=False)
    async with foundation.core(config) as base:
        base.db.sees = list_people.TENANT
        await sweeps.take_back(base.db, only_expired=False)  # the lock is ours, so whoever held them is dead
        gateway = base.gateway(people)
        orchestrator = Orchestrator(db=base.db, gateway=gateway, people=people, agent=base.agent)
        stretch = asyncio.Event()
        stage = TerminalStage(console=console, redact=base.redactor.stream, closed=stretch.set)
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
            return await Outcome(db=base.db, showroom=showroom, console=console, task=task).wait(stretch, working)
        finally:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            worker.stop()
            await asyncio.wait([working], timeout=2)
            working.cancel()
            await asyncio.gather(working, *stopping, return_exceptions=True)
