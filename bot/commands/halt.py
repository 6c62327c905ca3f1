"""`autopilot halt`: everything in this database stands still, in every workspace and on every replica."""

import asyncio
import getpass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.db import Database
    from storage.halts import Halt


def halt(
    reason: Annotated[str, typer.Option(help="Why; it stands on every waiting card and on the record.")],
    lift: Annotated[bool, typer.Option("--lift", help="End it: what was approved meanwhile runs, or has expired.")] = (
        False
    ),
    who: Annotated[str, typer.Option(help="The person who says so; default: the name you are logged in with.")] = "",
) -> None:
    """Stop everything: from now on nothing is changed, whatever was approved; --lift ends it."""
    from bot.commands.audit_store import opened, opened_of_any_schema
    from bot.commands.configured import configured
    from bot.failed import CommandFailed
    from bot.lifecycle.standing_still import LONGEST_REASON, end
    from policy.redaction import Redactor
    from storage.attempts import transact
    from storage.halts import standing
    from storage.row_security import EVERYTHING

    said = Redactor.default().text(reason).text.strip()[:LONGEST_REASON]
    if not said:
        raise typer.BadParameter("say why", param_hint="--reason")
    config = configured(quiet=True)
    person = f"cli:{who.strip() or getpass.getuser()}"
    channels = (config.ops_channel,)

    async def work() -> str:
        async with (opened if lift else opened_of_any_schema)(config.database) as db:
            if lift:
                done = await transact(db, lambda tx: end(tx, EVERYTHING, who=person, reason=said, channels=channels))
            else:
                done = await _begun(db, person, said, channels)
            if done is not None:
                return f"lifted; everything was {done}" if lift else f"everything is {done}; lift it with --lift"
            async with db.read() as tx:
                stands = await standing(tx, EVERYTHING)
        raise CommandFailed(
            f"everything is already {stands}" if stands else "not everything is halted; nothing to lift"
        )

    typer.echo(asyncio.run(work()))


async def _begun(db: "Database", who: str, reason: str, channels: tuple[str, ...]) -> "Halt | None":
    """Halted, whatever the schema: in the middle of an upgrade gone wrong is when somebody needs it.

    Raises:
        SchemaBehind, SchemaAhead: not even the table of halts is as we know it.
    """
    from sqlalchemy.exc import DBAPIError

    from bot.lifecycle.standing_still import begin
    from storage.attempts import transact
    from storage.errors import SchemaAhead, SchemaBehind
    from storage.halts import put
    from storage.migrate import require_current
    from storage.row_security import EVERYTHING

    try:
        return await transact(db, lambda tx: begin(tx, EVERYTHING, who=who, reason=reason, channels=channels))
    except DBAPIError as broken:
        try:
            await require_current(db)
        except (SchemaBehind, SchemaAhead) as error:
            schema = error
        else:
            raise
        try:  # the one row that every replica reads before it begins a call
            halted = await transact(db, lambda tx: put(tx, EVERYTHING, who=who, reason=reason))
        except DBAPIError:
            raise schema from broken
    typer.echo(
        f"{schema}. The halt holds: nothing is changed. It is not on the record, cards do not show it, and tasks at "
        "work end only where they would change something",
        err=True,
    )
    return halted
