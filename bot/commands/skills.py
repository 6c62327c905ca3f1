"""`autopilot skills`: what the bot knows how to do, and running one of them."""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.terminal.marks import NO, YES

app = typer.Typer(no_args_is_help=True, help="Skills: list, show one, check a folder, run one, write their pages.")
ROOT = Path(__file__).parents[2]


class Format(StrEnum):
    HUMAN = "human"
    JSON = "json"
    PROMETHEUS = "prometheus"


@app.command("list")
def list_skills() -> None:
    """Every skill, whether it changes anything, and what was learned from its runs."""
    from rich.console import Console
    from rich.table import Column, Table

    from bot.commands import one_task
    from bot.commands.configured import configured
    from bot.commands.skill_sources import learned_here, library_of, shipped_and_configured
    from policy.types import Tier

    config = configured(quiet=True)
    tools = asyncio.run(shipped_and_configured(config))
    library = library_of(config, tools)
    known = asyncio.run(learned_here(config, one_task.terminal_home(config)))
    name = Column("skill", no_wrap=True, overflow="fold")  # it is what one types
    table = Table(name, "category", "kind", "changes", "version", "learned", box=None, header_style="bold")
    for skill in library:
        changes = any(tools[name].manifest.tier is not Tier.READ for name in library.tools_of(skill.name))
        kind = "composite" if skill.composite else "primitive" if skill.playbook else "prose"
        learned = known[skill.name].in_words() if skill.name in known else "not run yet"
        version = f"{skill.version} {skill.hash[:8]}"
        table.add_row(skill.name, skill.category, kind, "yes" if changes else "no", version, learned)
    Console(highlight=False).print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="The skill's name, e.g. pg-health.")]) -> None:
    """One skill: its page, and where it comes from."""
    from bot.commands.configured import configured
    from bot.commands.skill_pages import FOLDER, pages
    from bot.commands.skill_sources import library_of, shipped_and_configured

    config = configured(quiet=True)
    tools = asyncio.run(shipped_and_configured(config))
    library = library_of(config, tools)
    skill = library.get(name)
    typer.echo(pages(library, tools)[str(FOLDER / f"{name}.md")].partition("\n")[2], nl=False)
    typer.echo(f"\n{skill.file} sha256:{skill.hash}")


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of skills, beside those that ship.")] = None,
) -> None:
    """Hold skills to their shape, their tools and each other, without running anything."""
    from bot.commands.configured import configured
    from bot.commands.skill_sources import shipped_and_configured
    from tools.playbooks.errors import SkillError
    from tools.playbooks.library import SHIPPED, find

    config = configured(quiet=True)
    tools = asyncio.run(shipped_and_configured(config))
    given = [SHIPPED, *config.skills, *([folder] if folder is not None else [])]
    if folder is not None and not folder.is_dir():
        raise typer.BadParameter(f"{str(folder)!r} is no folder; name the one that holds NAME/SKILL.md")
    try:
        library = find(list({one.resolve(): one for one in given}.values()), tools)
    except SkillError as error:
        typer.echo(f"{NO} {error}")
        raise typer.Exit(1) from None
    for skill in library:
        typer.echo(f"{YES} {skill.name} {skill.version} {skill.hash[:12]}")
    for name, why in sorted(library.left_out.items()):
        typer.echo(f"– {name}: left out, {why}")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The skill's name.")],
    inputs: Annotated[list[str] | None, typer.Argument(help="Its inputs, as key=value.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would happen.")] = False,
    form: Annotated[Format, typer.Option("--format", help="What is printed.")] = Format.HUMAN,
    as_user: Annotated[str, typer.Option("--as", help="Who asks; default: you.")] = "",
) -> None:
    """Run one skill here, through the gateway: reads at once, a change only as a proposal that is shown and kept."""
    from rich.console import Console

    from bot.agent import skill_ends
    from bot.commands import one_task, skill_results
    from bot.commands.configured import configured
    from bot.terminal.list_people import current_user
    from storage import steps, tasks
    from storage.db import Database
    from storage.records import Task

    config = configured(quiet=True)
    for pair in inputs or []:
        if "=" not in pair or any(letter.isspace() for letter in pair):
            raise typer.BadParameter(f"{pair!r}: write key=value, without blanks", param_hint="INPUTS")
    request = " ".join(["skill", name, *(inputs or [])])
    found: list[skill_results.Result] = []

    async def look(db: Database, task: Task) -> None:
        async with db.read() as tx:
            now = await tasks.get(tx, task.tenant, task.id)
            alerts = await skill_ends.alerts_of(tx, now)
            found.append(skill_results.result_of(name, now, await steps.of_task(tx, now), alerts))

    human = form is Format.HUMAN
    console = Console(highlight=False, file=sys.stdout if human else sys.stderr, quiet=not human)
    work = one_task.work(
        config, request, as_user or current_user(), dry_run=dry_run, console=console, after=look, playbooks_only=True
    )
    code = asyncio.run(work)
    [result] = found
    if form is Format.JSON:
        typer.echo(skill_results.as_json(result))
    elif form is Format.PROMETHEUS:
        typer.echo(skill_results.as_prometheus(result), nl=False)
    waits = result.state == "needs_approval"
    raise typer.Exit(code or int(not waits and (bool(result.failed) or not result.ended)))


@app.command()
def docs(
    check_only: Annotated[bool, typer.Option("--check", help="Change nothing; fail when a page is stale.")] = False,
    out: Annotated[Path, typer.Option(help="The repository.")] = ROOT,
) -> None:
    """Write CAPABILITIES.md and one page a skill (docs/skills)."""
    from bot.commands.skill_pages import pages, stale, write
    from bot.commands.skill_sources import shipped
    from tools.playbooks.library import SHIPPED, find

    tools = asyncio.run(shipped())
    made = pages(find([SHIPPED], tools), tools)
    if not check_only:
        write(out, made)
        typer.echo(f"wrote {len(made)} pages")
        return
    old = stale(out, made)
    for name in old:
        typer.echo(f"{NO} {name} is stale; run 'autopilot skills docs'")
    if old:
        raise typer.Exit(1)
    typer.echo(f"{YES} {len(made)} pages are as the skills are")
