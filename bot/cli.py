"""The command line: parse, call, print. One clear sentence and exit code 1 for failures, 2 for wrong usage."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import light
from bot.commands import (
    approvers,
    ask,
    audit,
    autonomy,
    detect,
    doctor,
    erase,
    evaluations,
    events,
    halt,
    installs,
    policy,
    skills,
    token,
    tools,
    worker,
)
from bot.commands.bench import command as bench
from bot.commands.configured import configured
from bot.guarded import guarded

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ops Autopilot: a chat-ops agent that proposes, waits for people, and runs what they approved exactly once.",
)


def _say(text: str) -> None:
    typer.echo(text)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    import uvloop  # a third off the time of an ack

    return uvloop.run(work)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="The address of the page.")] = 8765,
    shop_port: Annotated[int, typer.Option(help="The sample service.")] = 8766,
    console_port: Annotated[int, typer.Option(help="Evidence and task pages.")] = 8767,
    home: Annotated[Path, typer.Option(help="Where the demo keeps its data; emptied at every start.")] = Path(
        ".autopilot/demo"
    ),
    fault: Annotated[
        str,
        typer.Option(
            help="Broken at the start: bad_flag, dogpile, stuck_consumer, locked_out, scam, weak_window, "
            "missing_index, none."
        ),
    ] = "bad_flag",
    browser: Annotated[bool, typer.Option(help="Open the page when there is a screen.")] = True,
    second_factor: Annotated[
        bool, typer.Option(help="What cannot be undone takes one; the phones are a page, too.")
    ] = False,
    phones_port: Annotated[int, typer.Option(help="The page of the phones.")] = 8768,
) -> None:
    """Try everything in a browser: no Slack workspace, no model key."""
    from bot.demo.run import FAULTS, Demo
    from bot.demo.run import run as run_demo

    if fault not in FAULTS:
        raise typer.BadParameter(f"{fault!r} is not one of {', '.join(FAULTS)}", param_hint="--fault")
    _run(
        run_demo(
            Demo(
                port=port,
                shop_port=shop_port,
                console_port=console_port,
                home=home,
                fault=fault,
                browser=browser,
                second_factor=second_factor,
                phones_port=phones_port,
            ),
            _say,
        )
    )


@app.command()
def run(
    until_parent_ends: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run the bot in the workspace of SLACK_BOT_TOKEN until Ctrl-C or SIGTERM."""
    from tools.sources.confined import hide_environment

    config = configured()
    hide_environment()

    async def work() -> None:
        from bot import wiring

        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for word in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(word, stop.set)
        watching = asyncio.create_task(_watch_parent(stop)) if until_parent_ends else None
        await wiring.run(config, stop, on_ready=lambda: _say("autopilot is connected; Ctrl-C stops it"))
        if watching is not None:
            watching.cancel()

    _run(work())


async def _watch_parent(stop: asyncio.Event) -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - the kernel tells of it by no event
        await asyncio.sleep(1)
    stop.set()


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema."""

    async def work() -> None:
        from storage.db import Database
        from storage.migrate import current
        from storage.migrate import migrate as bring_up

        db = Database(configured().database)
        try:
            await bring_up(db)
            _say(f"the database is at schema {await current(db)}")
        finally:
            await db.close()

    _run(work())


app.command("ask")(ask.ask)
app.command("halt")(halt.halt)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.add_typer(tools.app, name="tools")
app.add_typer(detect.app, name="detect")
app.add_typer(skills.app, name="skills")
app.add_typer(policy.app, name="policy")
app.add_typer(audit.app, name="audit")
app.add_typer(autonomy.app, name="autonomy")
app.add_typer(events.app, name="events")
app.add_typer(evaluations.app, name="evaluations")
app.add_typer(installs.app, name="installs")
app.add_typer(erase.app, name="erase")
app.add_typer(token.app, name="token")
app.add_typer(approvers.app, name="approvers")
app.add_typer(worker.app, name="worker")


def main() -> None:
    """Every command."""
    light.skip_unused()
    guarded(app)


if __name__ == "__main__":
    main()
