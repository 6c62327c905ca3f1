"""`autopilot installs`: which workspaces have the app, and keys for their tokens."""

import asyncio

import typer

app = typer.Typer(no_args_is_help=True, help="Workspaces that installed the app, and the keys of their tokens.")


@app.command("list")
def list_installs() -> None:
    """Every workspace and organisation that has the app."""
    asyncio.run(_list())


async def _list() -> None:
    from bot.commands.audit_store import opened
    from bot.commands.configured import configured
    from bot.terminal.printable import one_line
    from storage import installations

    async with opened(configured(quiet=True).database) as db:
        async with db.read() as tx:
            rows, known = await installations.every(tx), await installations.tenants(tx)
        for row in rows:
            what = "organisation" if row.is_org else "workspace"
            state = f"broken: {row.broken}" if row.broken else "well"
            typer.echo(one_line(f"{row.tenant} {what} {row.name}, {state}, installed by {row.installed_by}"))
        if not rows:
            typer.echo("no workspace has the app")
        elif any(row.is_org for row in rows):
            typer.echo(f"spoken in by now: {', '.join(known) or 'none'}")


@app.command()
def key() -> None:
    """A new key for AUTOPILOT_TOKEN_KEYS."""
    from bot.slack.vault import new_key

    typer.echo(new_key())
