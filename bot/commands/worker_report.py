"""What a round of the inbox worker did, or would do, as lines that read well in any width."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bot.inbox.report import Report

LONGEST = 200
"""characters of one part; cut after redaction, so that no half of a secret is left"""


def show(report: "Report", *, everything: bool = True) -> None:
    """Each request, the plan for it, and what became of it."""
    from bot.inbox.report import Result
    from bot.terminal.printable import one_line
    from policy.redaction import Redactor

    redactor = Redactor.default()

    def part(text: str) -> str:
        line = one_line(redactor.text(text).text)
        return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"

    for row in report.rows:
        if not everything and row.result is Result.BEFORE:
            continue
        action = row.action.value.replace("_", " ")
        typer.echo(f"{part(row.message)}  {part(row.sender)}: {part(row.subject)}")
        typer.echo(f"    {action}: {part(row.text)}" if row.text else f"    {action}")
        typer.echo(f"    {row.result.value}, because {part(row.why)}")
    for trouble in report.troubles:
        typer.echo(f"trouble: {one_line(trouble)}")


def end(report: "Report", then: str) -> None:
    """Whether it was clean, and the next step."""
    if report.more:
        typer.echo("there are more unread requests; the next round goes on with them")
    if report.clean:
        typer.echo(f"clean; {then}")
    elif report.troubles:
        typer.echo("not clean; see the troubles above, then run it again")
    else:
        typer.echo("nothing to do, so this proves nothing for the rollout")
