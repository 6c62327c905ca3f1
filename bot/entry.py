"""Where `autopilot` begins. To halt everything takes one command of many, and nobody waits for the others to load."""

import gc
import sys


def main() -> None:
    """The command that was asked for."""
    from bot import light

    if sys.argv[1:2] != ["halt"]:
        from bot import cli

        cli.main()
        return
    gc.disable()  # it ends before there is anything worth collecting
    light.skip_unused()
    import typer

    from bot.commands.halt import halt
    from bot.guarded import guarded

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(halt)
    guarded(lambda: app(sys.argv[2:], prog_name="autopilot halt"))


if __name__ == "__main__":
    main()
