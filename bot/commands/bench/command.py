"""`autopilot bench`: the numbers, with the machine they come from."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.commands.bench.numbers import Measured

NAMES = (
    "idle", "ack", "first_token", "streams", "click", "click_postgres", "gateway", "redaction", "audit",
    "transitions", "parked",
    "takeover",
    "hostile",
    "sources", "crowd",
)  # fmt: skip
OUT = Path("benchmarks")

Measure = Callable[..., "Awaitable[Measured]"]


def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(NAMES)}; may be given again.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds: a look, not a measurement.")] = False,
    out: Annotated[Path | None, typer.Option(help="The JSON file; default: benchmarks/<date>.json.")] = None,
) -> None:
    """Measure the bot here, against a local Slack and a local model; targets stand beside the numbers."""
    if unknown := [name for name in only or () if name not in NAMES]:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(NAMES)}", param_hint="--only")
    asyncio.run(_bench(tuple(only or NAMES), quick=quick, out=out))


async def _bench(names: tuple[str, ...], *, quick: bool, out: Path | None) -> None:
    import datetime as dt
    import importlib
    import tempfile

    from bot.commands.bench.machine import this_machine

    machine = this_machine()
    typer.echo(f"{machine.processor}, {machine.cores} cores, {machine.memory_mb} MB, {machine.system}")
    typer.echo(f"Python {machine.python}, load {machine.load} at the start" + (", quick" if quick else ""))
    done: list[Measured] = []
    for name in names:
        measure: Measure = importlib.import_module(f"bot.commands.bench.{name}").measure
        with tempfile.TemporaryDirectory(prefix="autopilot-bench-") as folder:
            measured = await measure(Path(folder) / "home", quick=quick)
        done.append(measured)
        typer.echo(f"\n{measured.benchmark}: {measured.how}")
        for number in measured.numbers:
            typer.echo(f"  {number.line()}")
        for remark in measured.notes:
            typer.echo(f"  {remark}")
    now = dt.datetime.now(dt.UTC)
    file = out or OUT / f"{now:%Y-%m-%d}.json"
    report = {
        "at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": asdict(machine),
        "benchmarks": [asdict(measured) for measured in done],
    }
    _write(file, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    typer.echo(f"\nwritten to {file}")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
