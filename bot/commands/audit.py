"""`autopilot audit`: check the record, export it, read it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings import Settings

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
    checkpoints: Annotated[
        Path | None, typer.Option(help="Published checkpoints (a file or a folder) that must hold.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="A public key you trust, or a file of them; repeatable.")
    ] = None,
    revoked: Annotated[list[str] | None, typer.Option(metavar="KEY_ID", help="A key nobody may vouch with.")] = None,
    terminal: Terminal = False,
) -> None:
    """Check every link of every chain; each broken entry is named, and the exit code is 1."""
    from bot.commands.audit_checkpoint import BadCheckpoint, Checkpoint
    from bot.commands.audit_verify import Verification, verify_database, verify_file

    try:
        begin, must_have = Checkpoint.parse(after), Checkpoint.parse(head)
    except BadCheckpoint as error:
        raise typer.BadParameter(str(error), param_hint="--after/--head") from None
    if checkpoints is not None:
        raise typer.Exit(_verify_published(export, checkpoints, key or [], revoked or [], tenant, terminal))
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
    out: Annotated[
        Path, typer.Option(help="The file to write: JSON Lines, one entry a line; with --task a .zip, or a folder.")
    ],
    task: Annotated[str, typer.Option(help="One task as an evidence pack that anybody can check.")] = "",
    tenant: Tenant = "",
    terminal: Terminal = False,
) -> None:
    """Write the record to a file that `verify --export` checks without a database; or one task's evidence pack."""
    from bot.commands.audit_export import export_to
    from bot.commands.audit_signing import pack_to

    if task:
        asyncio.run(pack_to(_config(terminal), _database_url(terminal), out, task, tenant, typer.echo))
        return
    asyncio.run(export_to(_database_url(terminal), out, typer.echo, tenant=tenant))


@app.command()
def key(
    new: Annotated[Path | None, typer.Option(metavar="FILE", help="Make a key and write it here.")] = None,
) -> None:
    """The id and the public part of the key that signs checkpoints; give it to those who check."""
    from bot.commands.audit_signing import make_key, public_line, signer_of

    typer.echo(make_key(new) if new is not None else public_line(signer_of(_config(False))))


@app.command()
def checkpoint() -> None:
    """Sign what came since the last checkpoint, now, and publish it to AUTOPILOT_AUDIT_PUBLISH."""
    from bot.commands.audit_signing import sign_now

    asyncio.run(sign_now(_config(False), typer.echo))


@app.command()
def verifier() -> None:
    """Print the program that checks an export or an evidence pack anywhere: one file, Python and 'cryptography'."""
    from storage import verify_audit

    typer.echo(Path(verify_audit.__file__).read_text(encoding="utf-8"), nl=False)


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


def _verify_published(
    export: Path | None, marks: Path, keys: list[str], revoked: list[str], tenant: str, terminal: bool
) -> int:
    """As the stand-alone verifier does it; the database is exported to a file of a moment first."""
    import tempfile

    from bot.commands.audit_export import export_to
    from storage import verify_audit

    arguments = ["--checkpoints", str(marks), "--tenant", tenant]
    arguments += [part for one in keys for part in ("--key", one)]
    arguments += [part for one in revoked for part in ("--revoked", one)]
    if export is not None:
        return verify_audit.main([str(export), *arguments])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "record.jsonl"
        asyncio.run(export_to(_database_url(terminal), file, lambda _line: None, tenant=tenant))
        return verify_audit.main([str(file), *arguments])


def _config(terminal: bool) -> "Settings":
    from bot.commands.configured import configured
    from bot.commands.one_task import terminal_home

    config = configured(quiet=True)
    if terminal:
        config = config.model_copy(update={"home": terminal_home(config), "database_url": ""})
    return config


def _database_url(terminal: bool) -> str:
    return _config(terminal).database
