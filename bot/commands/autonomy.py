"""`autopilot autonomy`: what was lowered because something was wrong, and a person's word that ends it."""

import asyncio
import getpass
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="What the bot may do less, since something was wrong; raise it again.")

Tenant = Annotated[str, typer.Option(help="One workspace, by its id; default: all.")]


@app.command("list")
def list_(tenant: Tenant = "") -> None:
    """Tools that stand lowered, with the reason."""
    import datetime as dt

    from bot.commands.audit_store import chains, opened
    from bot.commands.configured import configured
    from bot.terminal.printable import one_line
    from storage import lowerings

    async def work() -> None:
        async with opened(configured(quiet=True).database) as db:
            for name, _seq, _hash in await chains(db, tenant):
                async with db.read() as tx:
                    for one in await lowerings.standing(tx, name):
                        at = dt.datetime.fromtimestamp(one.at, dt.UTC).strftime("%Y-%m-%d %H:%M")
                        typer.echo(one_line(f"{at}  {name}  {one.tool}  level {one.at_most}  {one.why}"))

    asyncio.run(work())


@app.command("raise")
def raise_(
    tool: Annotated[str, typer.Argument(help="The tool's name.")],
    reason: Annotated[str, typer.Option(help="Why; it is announced and on the record.")],
    tenant: Tenant = "",
    who: Annotated[str, typer.Option(help="The person who says so; default: the name you are logged in with.")] = "",
) -> None:
    """Let a tool be used as the rules say again."""
    from bot.commands.audit_store import chains, opened
    from bot.commands.configured import configured
    from bot.failed import CommandFailed
    from bot.orchestrator.lowering import end
    from policy.redaction import Redactor
    from storage.attempts import transact

    said = Redactor.default().text(reason).text.strip()[:300]
    if not said:
        raise typer.BadParameter("say why", param_hint="--reason")
    config, person = configured(quiet=True), f"cli:{who.strip() or getpass.getuser()}"

    async def work() -> int:
        count = 0
        async with opened(config.database) as db:
            for name, _seq, _hash in await chains(db, tenant):
                ended = await transact(db, lambda tx, n=name: end(tx, n, tool, person, said, config.ops_channel))  # type: ignore[misc]
                count += len(ended)
        return count

    if not asyncio.run(work()):
        raise CommandFailed(f"{tool!r} is not lowered; see 'autopilot autonomy list'")
    typer.echo(f"{tool} may be used as the rules say again")
