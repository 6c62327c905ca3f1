"""`autopilot tools`: what the bot can do, as the manifests declare it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.asked import Asked
from bot.terminal.marks import NEITHER, NO, YES
from tools.conformance.verdicts import Tried, Verdict

app = typer.Typer(no_args_is_help=True, help="What the bot can do: list, show one, check a manifest.")


@app.command("list")
def list_tools() -> None:
    """Every tool: its tier, how a dry run of it is known, whether it can undo and verify, and who owns it."""
    from rich.console import Console
    from rich.table import Table

    from bot.commands.configured import configured
    from bot.commands.loaded import load_registry
    from policy.types import Tier
    from tools.manifest import DryRun

    registry = asyncio.run(load_registry(configured(quiet=True)))
    table = Table("tool", "tier", "dry run", "undo", "verify", "owner", box=None, header_style="bold")
    for tool in registry:
        grade = tool.manifest.dry_run if tool.preview is not None else DryRun.SIMULATED
        rest = ("", "", "") if tool.manifest.tier is Tier.READ else (grade.value, _mark(tool.undo), _mark(tool.verify))
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
    run: Annotated[bool, typer.Option("--run", help="Call it: run the examples of reads, preview changes.")] = False,
    changes: Annotated[
        bool, typer.Option("--changes", help="Make reversible changes and undo them. Never in production.")
    ] = False,
    irreversible: Annotated[
        bool, typer.Option("--irreversible", help="Make irreversible changes too. On a scratch installation only.")
    ] = False,
    state: Annotated[
        list[str] | None, typer.Option(help="A read tool whose answer is the state to compare; may be repeated.")
    ] = None,
) -> None:
    """Check that tools keep what tools promise: first what can be seen without calling anything, then as asked."""
    from bot.commands.configured import configured
    from bot.commands.loaded import load_source, sources_of
    from bot.commands.manifest_findings import findings

    config = configured(quiet=True)
    broken = 0
    for source in (manifest,) if manifest else sources_of(config):
        loaded = asyncio.run(load_source(source, config))
        typer.echo(f"{loaded.name}: {loaded.source}, {len(loaded.tools)} tools")
        found = findings(loaded)
        for finding in found:
            typer.echo(f"  {NO if finding.broken else NEITHER} {finding.place}: {finding.says}")
        wrong = sum(finding.broken for finding in found)
        broken += wrong
        if not wrong:
            typer.echo(f"  {YES} manifest, document, examples and bounds fit together")
        if run or changes or irreversible:
            from bot.commands.conformance import tried_on

            asked = Asked(changes=changes or irreversible, irreversible=irreversible, state=tuple(state or ()))
            broken += _told(asyncio.run(tried_on(source, asked, config)))
    if broken:
        raise typer.Exit(1)


@app.command()
def pin(
    manifest: Annotated[Path, typer.Argument(help="The manifest of an MCP server.")],
    yes: Annotated[bool, typer.Option("--yes", help="Agree without being asked.")] = False,
) -> None:
    """Look at the tools an MCP server offers, and agree to them as they are now. Until then a changed one is denied."""
    from bot.commands.configured import configured
    from bot.commands.pinning import look, shown
    from bot.private_files import private_files
    from tools.sources.mcp_pins import Pins, lock_of, read_pins

    config = configured(quiet=True)
    now = asyncio.run(look(manifest, private_files(config)))
    before = read_pins(manifest) or Pins(server=now.server)
    changes = before.changes(now)
    for name, what in changes:
        typer.echo(f"{what}: {name}")
        typer.echo(shown(before.tools.get(name), now.tools.get(name)))
    lock = lock_of(manifest)
    if not changes and lock.exists():
        typer.echo(f"{now.server}: {len(now.tools)} tools, all as they were pinned")
        return
    if not yes and not typer.confirm(f"Agree to these {len(now.tools)} tools of {now.server!r}?"):
        typer.echo("nothing was pinned")
        raise typer.Exit(1)
    lock.write_text(now.written(), encoding="utf-8")
    typer.echo(f"pinned {len(now.tools)} tools in {lock}; keep it with the manifest, then restart the bot")


def _told(tried: Sequence[Tried]) -> int:
    """Print what was tried, one line a promise; the number of broken ones."""
    marks = {Verdict.KEPT: YES, Verdict.BROKEN: NO, Verdict.UNTRIED: NEITHER}
    lines = dict.fromkeys(f"{marks[one.verdict]} {one.tool}: {one.promise}" + _because(one) for one in tried)
    for line in lines:
        typer.echo(f"  {line}")
    return sum(one.verdict is Verdict.BROKEN for one in tried)


def _because(one: Tried) -> str:
    return f" ({one.says})" if one.says else ""


def _mark(part: object) -> str:
    return "yes" if part is not None else "no"
