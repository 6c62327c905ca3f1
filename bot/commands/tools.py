"""`autopilot tools`: what the bot can do, as the manifests declare it."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from bot.terminal.marks import NEITHER, NO, YES

app = typer.Typer(no_args_is_help=True, help="What the bot can do: list, show one, check a manifest.")


@app.command("list")
def list_tools() -> None:
    """Every tool: its tier, whether it can preview, undo and verify, and who owns it."""
    from rich.console import Console
    from rich.table import Table

    from bot.commands.configured import configured
    from bot.commands.loaded import load_registry
    from policy.types import Tier

    registry = asyncio.run(load_registry(configured(quiet=True)))
    table = Table("tool", "tier", "preview", "undo", "verify", "owner", box=None, header_style="bold")
    for tool in registry:
        rest = ("", "", "") if tool.manifest.tier is Tier.READ else map(_mark, (tool.preview, tool.undo, tool.verify))
        table.add_row(tool.name, tool.manifest.tier.value, *rest, tool.manifest.owner)
    Console(highlight=False).print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="The tool's name, e.g. shop.error_rate.")]) -> None:
    """One tool: what it declares, and the schema of its arguments."""
    import yaml

    from bot.commands.configured import configured
    from bot.commands.loaded import load_registry
    from tools.registry import schema_of

    registry = asyncio.run(load_registry(configured(quiet=True)))
    tool = registry.get(name)
    declared = json.loads(tool.manifest.model_dump_json(exclude_defaults=True))
    declared |= {
        "tier": tool.manifest.tier.value,
        "source": tool.source,
        "version_hash": registry.version(name),
        "preview": tool.preview is not None,
        "undo": tool.undo is not None,
        "verify": tool.verify is not None,
        "arguments": schema_of(tool),
    }
    typer.echo(yaml.safe_dump(declared, sort_keys=False, allow_unicode=True, width=110), nl=False)


@app.command()
def check(
    manifest: Annotated[Path | None, typer.Argument(help="A manifest file; default: the configured ones.")] = None,
) -> None:
    """Load manifests with their documents, and check examples, bounds, and what a change can preview and take back."""
    from bot.commands.configured import configured
    from bot.commands.loaded import load_manifest, manifests
    from bot.commands.manifest_findings import findings

    config = configured(quiet=True)
    broken = 0
    for file in (manifest,) if manifest else manifests(config):
        loaded = asyncio.run(load_manifest(file))
        typer.echo(f"{file}: service {loaded.declared.service.name!r}, {len(loaded.tools)} tools")
        found = findings(loaded)
        for finding in found:
            typer.echo(f"  {NO if finding.broken else NEITHER} {finding.place}: {finding.says}")
        wrong = sum(finding.broken for finding in found)
        broken += wrong
        if not wrong:
            typer.echo(f"  {YES} manifest, document, examples and bounds fit together")
    if broken:
        raise typer.Exit(1)


def _mark(part: object) -> str:
    return "yes" if part is not None else "no"
