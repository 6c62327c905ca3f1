"""`autopilot policy`: check the rules, try their cases, and explain one decision."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.terminal.marks import NO, YES

app = typer.Typer(no_args_is_help=True, help="What is allowed: check the rules, try their cases, explain a decision.")

Folder = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A folder of rules; default: the configured one.")]


@app.command()
def check(folder: Folder = None) -> None:
    """Load the rules as `run` does: every rule parses, fits the tools and groups, and every case is as written."""
    from bot.commands.configured import configured
    from bot.commands.loaded import load_registry
    from policy.autonomy import AutonomyTable
    from policy.cedar import DEFAULT_RULES, PolicyEngine
    from policy.risk import RiskTable

    config = configured(quiet=True)
    rules = folder or config.policy_dir or DEFAULT_RULES
    registry = asyncio.run(load_registry(config))
    engine = PolicyEngine.load(rules, registry.actions(), config.groups)
    RiskTable.load()
    AutonomyTable.load()
    typer.echo(f"{YES} {rules}: the rules load, fit {len(registry)} tools, and decide every case as written")
    typer.echo(f"  policy version {engine.version}; groups the rules may name: {', '.join(config.groups)}")


@app.command()
def test(
    folder: Folder = None,
    only_failures: Annotated[bool, typer.Option("--only-failures", help="Leave out what is as written.")] = False,
) -> None:
    """Decide every case of cases.yaml, one line a case; exit code 1 when one comes out otherwise."""
    from bot.commands.configured import configured
    from bot.commands.loaded import load_registry
    from bot.commands.policy_cases import try_cases
    from policy.cedar import DEFAULT_RULES

    config = configured(quiet=True)
    registry = asyncio.run(load_registry(config))
    tried = try_cases(folder or config.policy_dir or DEFAULT_RULES, registry.actions(), config.groups)
    for one in tried.cases:
        if one.problem or not only_failures:
            typer.echo(f"{NO if one.problem else YES} {one.problem or one.case}")
    for rule in tried.never_fired:
        typer.echo(
            f"{NO} {rule.file}:{rule.line}: rule {rule.id!r} fires in no case; add one to cases.yaml in which it does"
        )
    failed = sum(bool(one.problem) for one in tried.cases)
    typer.echo(f"{len(tried.cases) - failed} of {len(tried.cases)} cases as written, {tried.rules} rules")
    if failed or tried.never_fired:
        raise typer.Exit(1)


@app.command()
def explain(
    tool: Annotated[str, typer.Option(help="The tool's name, e.g. shop.set_flag.")],
    env: Annotated[str, typer.Option(help="dev, staging or prod; default: where the manifest says.")] = "",
    arg: Annotated[
        list[str] | None, typer.Option(help="One argument as name=value; JSON values are understood.")
    ] = None,
    autonomy: Annotated[int | None, typer.Option(min=0, max=4, help="The level; default: by the table.")] = None,
    requester_group: Annotated[list[str] | None, typer.Option(help="A group of the person who asks.")] = None,
    reason_code: Annotated[str, typer.Option(help="INCIDENT, TICKET, EXPERIMENT or ROUTINE.")] = "INCIDENT",
    blast: Annotated[int, typer.Option(min=0, max=100, help="Percent affected, as a preview would count it.")] = 0,
    untrusted: Annotated[bool, typer.Option("--untrusted", help="A value came from untrusted text.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="It is the inverse of a call that ran.")] = False,
) -> None:
    """What would happen to one call, and which rules say so. Nothing is looked up and nothing runs."""
    from bot.commands.configured import configured
    from bot.commands.loaded import load_registry
    from bot.commands.policy_explained import Asked, BadAssignment, explained, parse_arguments
    from policy.schema import ENVIRONMENTS
    from tools.judging import BadArguments

    if env and env not in ENVIRONMENTS:
        raise typer.BadParameter(f"{env!r} is not one of {', '.join(ENVIRONMENTS)}", param_hint="--env")
    config = configured(quiet=True)
    registry = asyncio.run(load_registry(config))
    try:
        arguments = parse_arguments(arg or ())
        asked = Asked(
            tool=registry.get(tool),
            arguments=arguments,
            env=env,
            autonomy=autonomy,
            groups=frozenset(requester_group or ()),
            reason_code=reason_code,
            blast=blast,
            untrusted=untrusted,
            undo=undo,
        )
        for line in explained(config, registry, asked):
            typer.echo(line)
    except (BadAssignment, BadArguments) as error:
        raise typer.BadParameter(str(error), param_hint="--arg") from None
