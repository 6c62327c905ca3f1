"""`autopilot events`: who is told of what happens, and how far each has come."""

import asyncio
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Domain events, sent to webhooks.")
sinks_app = typer.Typer(no_args_is_help=True, help="The webhooks that events are sent to.")
app.add_typer(sinks_app, name="sinks")

Id = Annotated[str, typer.Argument(metavar="ID", help="As 'autopilot events sinks list' shows it.")]


@sinks_app.command("list")
def list_sinks(tenant: Annotated[str, typer.Option(help="Only this workspace.")] = "") -> None:
    """Every sink: its state, how far behind it is, what went wrong last, and which events were given up on."""
    from bot.commands.events_sinks import show

    asyncio.run(show(_database(), typer.echo, tenant=tenant))


@sinks_app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="https://…, or http:// on loopback.")],
    events: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Which events, e.g. 'ops.agent_task.*'; repeatable.")
    ] = None,
    secret_env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment variable that holds the signing secret.")
    ] = "AUTOPILOT_EVENTS_SECRET",  # noqa: S107  # a variable's name, not a secret
    tenant: Annotated[str, typer.Option(help="The workspace; not needed when there is one.")] = "",
    private: Annotated[bool, typer.Option("--private", help="It may be at an address of a private network.")] = False,
    from_start: Annotated[bool, typer.Option("--from-start", help="Send everything on record, not only news.")] = False,
) -> None:
    """Send events to a webhook, from now on."""
    from bot.commands.events_sinks import add_one

    asyncio.run(
        add_one(
            _database(),
            typer.echo,
            tenant=tenant,
            url_of_sink=url,
            secret_env=secret_env,
            events=events or [],
            private=private,
            from_start=from_start,
        )
    )


@sinks_app.command()
def remove(sink: Id) -> None:
    """Send this sink nothing more, and forget it."""
    from bot.commands.events_sinks import remove_one

    asyncio.run(remove_one(_database(), typer.echo, sink))


@sinks_app.command()
def retry(sink: Id) -> None:
    """Send again now: to a paused sink, to one that is waited for, and what was given up on."""
    from bot.commands.events_sinks import retry_one

    asyncio.run(retry_one(_database(), typer.echo, sink))


def _database() -> str:
    from bot.commands.configured import configured

    return configured(quiet=True).database
