"""`autopilot ask`: one task from the terminal. It has a small database of its own, so a running bot never sees it."""

import asyncio
from typing import Annotated

import typer


def ask(
    request: Annotated[str, typer.Argument(help="What to find out or do, in your own words.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would happen.")] = False,
    as_user: Annotated[str, typer.Option("--as", help="Who asks; default: you.")] = "",
) -> None:
    """Give the bot one task here, without Slack. A change it proposes is shown and kept; nothing runs unapproved."""
    from rich.console import Console

    from bot.commands import one_task
    from bot.commands.configured import configured
    from bot.terminal.list_people import current_user

    if not request.strip():
        raise typer.BadParameter("say what to find out or do", param_hint="REQUEST")
    config = configured(quiet=True)
    console = Console(highlight=False)
    code = asyncio.run(one_task.work(config, request, as_user or current_user(), dry_run=dry_run, console=console))
    raise typer.Exit(code)
