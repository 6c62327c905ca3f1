"""`autopilot token`: tokens for the HTTP API. They are made here and nowhere else."""

import asyncio
import datetime as dt
import getpass
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Tokens for the HTTP API: made, listed and revoked here only.")

Tenant = Annotated[str, typer.Option(help="The workspace; not needed when there is one.")]


@app.command()
def create(
    person: Annotated[str, typer.Option(help="The member (U0…) in whose name it asks and votes.")],
    scope: Annotated[list[str], typer.Option(help="read, ask, vote, admin:halt or admin:read; repeatable.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[int, typer.Option(min=1, max=365, help="It expires after so many days.")] = 30,
    tenant: Tenant = "",
) -> None:
    """Make a token and show it, this once."""
    from storage import api_tokens
    from storage.db import Database

    async def work(db: Database, team: str) -> None:
        try:
            async with db.write() as tx:
                made, text = await api_tokens.mint(
                    tx,
                    tenant=team,
                    person=person,
                    name=name,
                    scopes=scope,
                    life=days * 86_400.0,
                    by=f"cli:{getpass.getuser()}",
                )
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--scope") from None
        typer.echo(text)
        typer.echo(f"{made.id} may {', '.join(made.scopes)} as {person} until {_day(made.expires_at)}", err=True)
        typer.echo("it is not shown again; only its hash is kept", err=True)

    _with(work, tenant)


@app.command("list")
def list_tokens(tenant: Tenant = "") -> None:
    """Every token there is or was."""
    from bot.terminal.printable import one_line
    from storage import api_tokens
    from storage.db import Database

    async def work(db: Database, team: str) -> None:
        async with db.read() as tx:
            found, now = await api_tokens.of_tenant(tx, team), await tx.time()
        for one in found:
            state = "revoked" if one.revoked_at else "expired" if one.expires_at <= now else "valid"
            used = f"used {_day(one.used_at)}" if one.used_at else "never used to change anything"
            scopes, until = ",".join(one.scopes), _day(one.expires_at)
            typer.echo(one_line(f"{one.id} {state} {one.person} {scopes} until {until}, {used} {one.name}"))
        if not found:
            typer.echo("there are no tokens")

    _with(work, tenant)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="As 'autopilot token list' shows it.")], tenant: Tenant = ""
) -> None:
    """End a token now."""
    from bot.failed import CommandFailed
    from storage import api_tokens
    from storage.db import Database
    from storage.errors import NotFound

    async def work(db: Database, team: str) -> None:
        try:
            async with db.write() as tx:
                await api_tokens.revoke(tx, team, token, by=f"cli:{getpass.getuser()}")
        except NotFound:
            raise CommandFailed(f"no valid token {token!r}; see 'autopilot token list'") from None
        typer.echo(f"{token} is revoked")

    _with(work, tenant)


def _with(work, tenant: str) -> None:  # type: ignore[no-untyped-def]
    from bot.commands.audit_store import chains, opened
    from bot.commands.configured import configured
    from bot.failed import CommandFailed

    async def run() -> None:
        async with opened(configured(quiet=True).database) as db:
            known = [name for name, _seq, _hash in await chains(db, tenant)]
            if len(known) != 1:
                names = ", ".join(known) or "none yet; let the bot connect once"
                raise CommandFailed(f"say which workspace with --tenant; there are: {names}")
            await work(db, known[0])

    asyncio.run(run())


def _day(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d}"
