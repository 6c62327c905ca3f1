"""`autopilot doctor`: what is missing, and how to mend it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.commands.checks.finding import Finding


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Look at everything `run` needs, one line a check; exit code 1 when something is broken."""
    from bot.commands.configured import configured

    raise typer.Exit(asyncio.run(_report(configured(quiet=True), as_json=as_json)))


async def _report(config: Settings, *, as_json: bool) -> int:
    from bot.commands.checks.finding import Finding, State
    from policy.redaction import Redactor

    redactor = Redactor.default()
    found: list[Finding] = []
    async for finding in _all(config):
        found.append(finding)
        if not as_json:
            typer.echo(redactor.text(finding.line()).text)
    sick = sum(finding.state is State.BROKEN for finding in found)
    if as_json:
        text = json.dumps(
            {"ok": not sick, "checks": [asdict(finding) for finding in found]}, indent=2, ensure_ascii=False
        )
        typer.echo(redactor.text(text).text)
    else:
        typer.echo(f"\n{sick} to mend before 'autopilot run'" if sick else "\nready for 'autopilot run'")
    return 1 if sick else 0


async def _all(config: Settings) -> "AsyncIterator[Finding]":
    from bot.commands.checks.agent import check_agent
    from bot.commands.checks.console import check_console
    from bot.commands.checks.model import check_model
    from bot.commands.checks.people import check_people
    from bot.commands.checks.rules import check_policy
    from bot.commands.checks.slack import check_slack
    from bot.commands.checks.step_up import check_step_up
    from bot.commands.checks.store import check_database
    from bot.commands.checks.tools import check_tools

    async for finding in check_slack(config):
        yield finding
    yield await check_database(config)
    of_agent, agent = check_agent(config)
    yield of_agent
    of_tools, registry = await check_tools(config)
    for finding in of_tools:
        yield finding
    yield check_policy(config, registry)
    async for finding in check_people(config):
        yield finding
    yield await check_model(config, agent)
    yield await check_console(config)
    yield await check_step_up(config)
