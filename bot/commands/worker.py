"""`autopilot worker`: the inbox worker. A dry run is the default; acting, and acting alone, each have to be earned."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import typer

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.brains.base import Brain
    from bot.inbox.build import Built
    from bot.inbox.report import Report
    from storage.db import Database

app = typer.Typer(no_args_is_help=True, help="The inbox worker: plans requests of a hub, does the few it may.")
TENANT = "local"
LONGEST_CELL = 200
"""characters of one cell of the table; cut after redaction, so that no half of a secret is left"""
HUB_URL, HUB_TOKEN = "AUTOPILOT_HUB_URL", "AUTOPILOT_HUB_TOKEN"


@app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="One round; without it, rounds until Ctrl-C.")] = False,
    execute: Annotated[
        bool, typer.Option("--execute/--dry-run", help="Act, or only show what would be done (the default).")
    ] = False,
    brain: Annotated[str, typer.Option(help="What suggests: rules or llm.")] = "rules",
    hub: Annotated[str, typer.Option(help=f"The hub's address; default: {HUB_URL}.")] = "",
) -> None:
    """Work on the unread requests. Order of a rollout: dry run, then --once --execute, then --execute alone."""
    from bot.commands.configured import configured

    if brain not in ("rules", "llm"):
        raise typer.BadParameter(f"{brain!r} is not one of rules, llm", param_hint="--brain")
    config = configured(quiet=True)
    clean = asyncio.run(_run(config, hub, brain, once=once, execute=execute))
    raise typer.Exit(0 if clean else 1)


@app.command()
def escalations() -> None:
    """The requests that wait for people, newest first."""
    from bot.commands.configured import configured

    asyncio.run(_escalations(configured(quiet=True)))


async def _run(config: Settings, hub_url: str, brain: str, *, once: bool, execute: bool) -> bool:
    from bot.failed import CommandFailed
    from bot.inbox.errors import InboxError

    try:
        async with _built(config, hub_url, brain) as (built, db):
            if not execute:
                return await _rehearse(built)
            return await (_once(built, db) if once else _until_stopped(built, db))
    except InboxError as error:
        raise CommandFailed(str(error)) from None


async def _rehearse(built: "Built") -> bool:
    from bot.inbox import rounds
    from bot.inbox.gate import COMMAND
    from storage.rollouts import Stage

    report = await rounds.rehearse(built.worker, built.gate)
    _show(report)
    _end(report, f"nothing was written to the hub; to act once, with you looking on: {COMMAND[Stage.MANUAL]}")
    return not report.troubles


async def _once(built: "Built", db: "Database") -> bool:
    from bot.inbox import rounds
    from bot.inbox.gate import COMMAND
    from storage.rollouts import Stage

    report = await rounds.act_once(built.worker, built.gate, db, TENANT)
    _show(report)
    _end(report, f"when you agree with all of it, it may run alone: {COMMAND[Stage.UNATTENDED]}")
    return not report.troubles


async def _until_stopped(built: "Built", db: "Database") -> bool:
    from bot.inbox import rounds
    from bot.inbox.report import Report, Result

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for word in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(word, stop.set)

    started = False

    def on_round(report: Report) -> None:
        nonlocal started
        if not started:
            typer.echo("working unattended; Ctrl-C stops it")
            started = True
        if any(row.result is not Result.BEFORE for row in report.rows) or report.troubles:
            _show(report, everything=False)

    calm = await rounds.act_until(stop, built.worker, built.gate, db, TENANT, on_round=on_round)
    if not calm:
        typer.echo(
            f"stopped after {rounds.PATIENCE} rounds with trouble in a row; look at 'autopilot worker escalations', "
            "then run 'autopilot worker run --once --execute' until it is clean",
            err=True,
        )
    return calm


async def _escalations(config: Settings) -> None:
    import datetime as dt

    from bot import foundation
    from bot.inbox.escalations import waiting
    from bot.terminal.printable import one_line
    from storage.migrate import require_current

    async with foundation.database(config) as db:
        db.sees = TENANT
        if db.is_postgres:
            await require_current(db)
        found = await waiting(db, TENANT)
    for one in found:
        at = dt.datetime.fromtimestamp(one.at, dt.UTC).strftime("%Y-%m-%d %H:%M")
        says = one_line(f"{at}  {one.hub}  {one.message}  {one.sender[:30]}: {one.title}")
        typer.echo(f"{says}\n    {one_line(one.why)}")
    typer.echo(f"{len(found)} wait for people" if found else "nothing waits for people")


@contextlib.asynccontextmanager
async def _built(config: Settings, hub_url: str, brain: str) -> "AsyncIterator[tuple[Built, Database]]":
    import httpx

    from bot import foundation, settings
    from bot.inbox.build import build
    from bot.inbox.hub import Hub
    from bot.starting import CannotStart
    from storage.migrate import require_current

    environ = settings.environment()
    url, token = hub_url or environ.get(HUB_URL, ""), environ.get(HUB_TOKEN, "")
    if not url or not token:
        missing = " and ".join(n for n, v in ((HUB_URL, url), (HUB_TOKEN, token)) if not v)
        raise CannotStart(f"{missing} not set; 'python -m bot.demo.hub' starts a hub to try and prints both")
    async with contextlib.AsyncExitStack() as stack:
        db = await stack.enter_async_context(foundation.database(config))
        db.sees = TENANT
        if db.is_postgres:
            await require_current(db)
        client = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
        model = _model(config) if brain == "llm" else None
        built = build(
            db=db,
            hub=Hub(url, token, client),
            tenant=TENANT,
            env=config.env,
            brain=model,
            policy_cache=config.home / "policy-cache",
        )
        yield built, db
        close = getattr(model, "aclose", None)
        if close is not None:
            await close()


def _model(config: Settings) -> "Brain":
    from bot.agent.definition import load
    from bot.inbox.build import AGENT
    from bot.starting import CannotStart
    from bot.thinking import make_brain
    from tools.playbooks.library import Library

    agent = load(AGENT)
    if not (agent.model or config.model):
        raise CannotStart("--brain llm needs a model; set AUTOPILOT_MODEL, or use --brain rules")
    return make_brain(config, agent, Library(skills={}, left_out={}))


def _show(report: "Report", *, everything: bool = True) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from bot.inbox.report import Result
    from bot.terminal.printable import one_line
    from policy.redaction import Redactor

    redactor = Redactor.default()
    table = Table("request", "from", "about", "plan", "why", "result", box=None, pad_edge=False)
    for row in report.rows:
        if everything or row.result is not Result.BEFORE:
            action = row.action.value.replace("_", " ")
            plan = f"{action}: {row.text}" if row.text else action
            cells = (row.message, row.sender, row.subject, plan, row.why, row.result.value)
            table.add_row(*(Text(one_line(redactor.text(cell).text)[:LONGEST_CELL]) for cell in cells))
    if table.row_count:
        Console(highlight=False).print(table)
    for trouble in report.troubles:
        typer.echo(f"trouble: {one_line(trouble)}")


def _end(report: "Report", then: str) -> None:
    if report.more:
        typer.echo("there are more unread requests; the next round goes on with them")
    if report.clean:
        typer.echo(f"clean; {then}")
    elif report.troubles:
        typer.echo("not clean; see the troubles above, then run it again")
    else:
        typer.echo("nothing to do, so this proves nothing for the rollout")
