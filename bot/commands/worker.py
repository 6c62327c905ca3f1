"""`autopilot worker`: the inbox worker. A dry run is the default; acting, and acting alone, each have to be earned."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.worker_report import end, show
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.brains.base import Brain
    from bot.inbox.build import Built
    from storage.db import Database

app = typer.Typer(no_args_is_help=True, help="The inbox worker: plans requests of a hub, does the few it may.")
TENANT = "local"
HUB_URL, HUB_TOKEN = "AUTOPILOT_HUB_URL", "AUTOPILOT_HUB_TOKEN"


@app.command()
def run(
    once: Annotated[
        bool, typer.Option("--once", help="One round; with --execute and without it, rounds until Ctrl-C.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done: the default.")] = False,
    execute: Annotated[bool, typer.Option("--execute", help="Act.")] = False,
    brain: Annotated[str, typer.Option(help="What suggests: rules or llm.")] = "rules",
    hub: Annotated[str, typer.Option(help=f"The hub's address; default: {HUB_URL}.")] = "",
) -> None:
    """Work on the unread requests. Order of a rollout: dry run, then --once --execute, then --execute alone."""
    from bot.commands.configured import configured

    if brain not in ("rules", "llm"):
        raise typer.BadParameter(f"{brain!r} is not one of rules, llm", param_hint="--brain")
    if dry_run and execute:
        raise typer.BadParameter("--dry-run and --execute exclude each other", param_hint="--execute")
    config = configured(quiet=True)
    clean = asyncio.run(_run(config, hub, brain, once=once, execute=execute))
    raise typer.Exit(0 if clean else 1)


@app.command("sample-hub")
def sample_hub(port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 takes a free one.")] = 8091) -> None:
    """A hub in memory with sample messages, to try the worker on; prints the settings for it, until Ctrl-C."""
    from bot.demo.hub.__main__ import serve

    serve(port)


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
    show(report)
    end(report, f"nothing was written to the hub; to act once, with you looking on: {COMMAND[Stage.MANUAL]}")
    return not report.troubles


async def _once(built: "Built", db: "Database") -> bool:
    from bot.inbox import rounds
    from bot.inbox.gate import COMMAND
    from storage.rollouts import Stage

    report = await rounds.act_once(built.worker, built.gate, db, TENANT)
    show(report)
    end(report, f"when you agree with all of it, it may run alone: {COMMAND[Stage.UNATTENDED]}")
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
            show(report, everything=False)

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
        raise CannotStart(f"{missing} not set; 'autopilot worker sample-hub' starts one to try and prints both")
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
