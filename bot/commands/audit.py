"""`autopilot audit`: check the record, export it, read it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The append-only record: verify it, export it, read it.")

Terminal = Annotated[bool, typer.Option("--terminal", help="The record of `autopilot ask` instead of the bot's.")]
Tenant = Annotated[str, typer.Option(help="Only this workspace.")]


@app.command()
def verify(
    export: Annotated[Path | None, typer.Option(help="Check this exported file; no database is needed.")] = None,
    tenant: Tenant = "",
    after: Annotated[str, typer.Option(metavar="SEQ:HASH", help="Begin behind this published link.")] = "",
    head: Annotated[
        str, typer.Option(metavar="SEQ:HASH", help="This link must be in the chain: names a cut tail.")
    ] = "",
    terminal: Terminal = False,
) -> None:
    """Check every link of every chain; each broken entry is named, and the exit code is 1."""
    from bot.commands.audit_checkpoint import BadCheckpoint, Checkpoint
    from bot.commands.audit_verify import Verification, verify_database, verify_file

    try:
        begin, must_have = Checkpoint.parse(after), Checkpoint.parse(head)
    except BadCheckpoint as error:
        raise typer.BadParameter(str(error), param_hint="--after/--head") from None
    checking = Verification(tenant=tenant, after=begin, head=must_have)
    if export is not None:
        lines: Iterator[str] = verify_file(export, checking)
        for line in lines:
            typer.echo(line)
    else:
        asyncio.run(verify_database(_database_url(terminal), checking, typer.echo))
    if checking.broken:
        raise typer.Exit(1)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The file to write: JSON Lines, one entry a line.")],
    task: Annotated[str, typer.Option(help="Only this task's entries; such a part does not verify as a chain.")] = "",
    tenant: Tenant = "",
    terminal: Terminal = False,
) -> None:
    """Write the record to a file that `audit verify --export` checks without a database."""
    from bot.commands.audit_export import export_to

    asyncio.run(export_to(_database_url(terminal), out, typer.echo, task=task, tenant=tenant))


@app.command()
def show(
    task: Annotated[str, typer.Option(help="Only this task.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="The newest so many entries of each workspace.")] = 30,
    tenant: Tenant = "",
    terminal: Terminal = False,
) -> None:
    """The newest entries, oldest first."""
    from bot.commands.audit_show import show_entries

    asyncio.run(show_entries(_database_url(terminal), typer.echo, task=task, tenant=tenant, limit=limit))


def _database_url(terminal: bool) -> str:
    from bot.commands.ask import terminal_home
    from bot.commands.configured import configured

    config = configured(quiet=True)
    if terminal:
        config = config.model_copy(update={"home": terminal_home(config), "database_url": ""})
    return config.database
