"""`autopilot detect replay`: how well a recorded series would have been watched."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Watched series: try out what would be noticed.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="CSV with columns at, value, label (1: something is wrong).")],
    config: Annotated[Path | None, typer.Option(help="A detection file; with --series names the entry.")] = None,
    series: Annotated[str, typer.Option(help="The entry of the file; default: the only one.")] = "",
    sensitivity: Annotated[str, typer.Option(help="Without a file: low, medium or high, for anomalies.")] = "medium",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Play a recorded series and score it: precision, recall, delay."""
    from bot.detection import definition
    from bot.detection import replay as replaying
    from bot.failed import CommandFailed

    try:
        if config is None:
            if sensitivity not in set(definition.Sensitivity):
                raise CommandFailed(f"no sensitivity {sensitivity!r}; there are: low, medium, high")
            watch = definition.Watch(name="series", sensitivity=definition.Sensitivity(sensitivity))
        else:
            entries = definition.read(config).series
            named = [one for one in entries if one.name == series or (not series and len(entries) == 1)]
            if not named:
                known = ", ".join(one.name for one in entries)
                raise CommandFailed(f"no series {series!r} in {config}; give --series, one of: {known}")
            watch = named[0]
        scored = replaying.score(watch, replaying.read(file))
    except (definition.BadDetection, replaying.BadRecording, ValueError) as error:
        raise CommandFailed(str(error)) from None
    if as_json:
        told = [{"what": one.what, "at": one.at, "value": one.value, "why": one.why} for one in scored.told]
        found = {"points": scored.points, "incidents": scored.incidents, "found": scored.found, "alarms": scored.alarms}
        rates = {"precision": scored.precision, "recall": scored.recall, "delay_seconds": scored.delay, "told": told}
        typer.echo(json.dumps({**found, **rates}))
        return
    typer.echo(f"{scored.points} points, {scored.incidents} incidents marked, {scored.alarms} alarms")
    typer.echo(f"precision {scored.precision:.2f}, recall {scored.recall:.2f}, median delay " + _seconds(scored.delay))
    for one in scored.told:
        typer.echo(f"  {one.at:.0f} {one.what}: {one.why}")


def _seconds(delay: float | None) -> str:
    return "none" if delay is None else f"{delay:.0f} s"
