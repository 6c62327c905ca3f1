"""How a command ends: known failures are one sentence, unknown ones name where their details are."""

import sys
from collections.abc import Callable

import typer


def guarded(work: Callable[[], object]) -> None:
    """Do it; exit with code 1 when it fails."""
    try:
        work()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from bot.failures import explain  # knows every room, so it is loaded only when there is something to explain

        typer.echo(f"autopilot: {explain(error)}", err=True)
        sys.exit(1)
