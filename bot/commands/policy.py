"""`autopilot policy`: check the rules, try their cases, and explain one decision."""

import asyncio
import time
from datetime import UTC, datetime
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
    from policy.autonomy import DEFAULT_TABLE as DEFAULT_AUTONOMY
    from policy.autonomy import AutonomyTable
    from policy.cedar import DEFAULT_RULES, PolicyEngine
    from policy.risk import DEFAULT_TABLE as DEFAULT_RISKS
    from policy.risk import RiskTable
    from policy.waiting import DEFAULT_WAITING, WaitingTable

    config = configured(quiet=True)
    rules = folder or config.policy_dir or DEFAULT_RULES
    registry = asyncio.run(load_registry(config))
    engine = PolicyEngine.load(rules, registry.actions(), config.groups)
    RiskTable.load(config.risk_file or DEFAULT_RISKS)
    AutonomyTable.load(config.autonomy_file or DEFAULT_AUTONOMY)
    WaitingTable.load(config.groups, config.waiting_file or DEFAULT_WAITING)
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
    channel: Annotated[str, typer.Option(help="A channel's id: its level, and what may be said in it.")] = "",
    tenant: Annotated[str, typer.Option(help="The workspace, when the record has several.")] = "",
    at: Annotated[datetime | None, typer.Option(help="When, for freezes (UTC); default: now.")] = None,
) -> None:
    """What would happen to one call, and which rules say so, with what the bot's record says of freezes, budgets and
    levels. The target is not looked at, and nothing runs."""
    from bot.commands.configured import configured
    from bot.commands.loaded import load_registry
    from bot.commands.policy_around import around
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
            at=at.replace(tzinfo=UTC).timestamp() if at is not None else time.time(),
        )
        here = asyncio.run(around(config, asked.tool, tenant=tenant, channel=channel))
        for line in explained(config, registry, asked, here):
            typer.echo(line)
    except (BadAssignment, BadArguments) as error:
        raise typer.BadParameter(str(error), param_hint="--arg") from None


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="A folder of rules.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Another one.")],
) -> None:
    """Which rules differ between two folders, and which of their cases are decided otherwise; exit code 1 when any."""
    from bot.commands.configured import configured
    from bot.commands.loaded import load_registry
    from bot.commands.policy_diff import difference

    config = configured(quiet=True)
    registry = asyncio.run(load_registry(config))
    found = list(difference(before, after, registry.actions(), config.groups))
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{YES} the same rules, and the same decision in every case")


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The candidate rules.")],
    since: Annotated[str, typer.Option(help="How far back, e.g. 30d, 12h.")] = "30d",
    tenant: Annotated[str, typer.Option(help="Only this workspace.")] = "",
    autonomy_file: Annotated[
        Path | None, typer.Option(help="A candidate autonomy.yaml: levels, freezes, budgets; default: the configured.")
    ] = None,
) -> None:
    """Decide the recorded calls again, by candidate rules: what would have run alone, asked, been blocked."""
    from bot.commands.configured import configured
    from bot.commands.policy_simulated import BadSpan, simulated

    try:
        for line in asyncio.run(simulated(configured(quiet=True), folder, since, tenant, autonomy_file)):
            typer.echo(line)
    except BadSpan as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None


@app.command()
def redaction(
    seed: Annotated[int, typer.Option(help="The same seed makes the same documents.")] = 1,
    documents: Annotated[int, typer.Option(min=2, help="How many; every second holds a secret.")] = 4000,
    misses: Annotated[int, typer.Option(help="Show so many of what was missed or masked in vain.")] = 5,
) -> None:
    """Measure what redaction finds: recall and precision on documents with planted, made-up secrets."""
    from bot.commands.configured import configured
    from bot.terminal.printable import one_line
    from policy.redaction import Redactor
    from policy.redaction_corpus import corpus
    from policy.redaction_report import measure

    config = configured(quiet=True)
    report = measure(Redactor.load(config.redaction_rules), corpus(seed, documents))
    for title, shares in (("kind of secret", report.by_kind), ("found in", report.by_shape)):
        typer.echo(f"{title:<16} {'recall':>7}")
        for name, share in shares.items():
            typer.echo(f"  {name:<14} {share.value:7.1%}  {share.good} of {share.of}")
    typer.echo(
        f"recall    {report.recall.value:7.2%}  {report.recall.good} of {report.recall.of} planted secrets hidden"
    )
    typer.echo(
        f"precision {report.precision.value:7.2%}  {report.precision.good} of {report.precision.of} masks hide one"
    )
    typer.echo(f"speed     {report.megabytes_per_second:7.2f}  MB/s of all of them as one text, on one core")
    for document in report.missed[:misses]:
        typer.echo(f"{NO} missed a {document.kind} in {document.shape}: {one_line(document.text)}")
    for document, words in report.false_alarms[:misses]:
        typer.echo(f"{NO} masked {one_line(words)!r} in vain, in {document.shape}: {one_line(document.text)}")
