"""`autopilot halt`: everything in this database stands still, in every workspace and on every replica."""

import asyncio
import getpass
from typing import Annotated

import typer


def halt(
    reason: Annotated[str, typer.Option(help="Why; it stands on every waiting card and on the record.")],
    lift: Annotated[bool, typer.Option("--lift", help="End it: what was approved meanwhile runs, or has expired.")] = (
        False
    ),
    who: Annotated[str, typer.Option(help="The person who says so; default: the name you are logged in with.")] = "",
) -> None:
    """Stop everything: from now on nothing is changed, whatever was approved; --lift ends it."""
    from bot.commands.audit_store import opened
    from bot.commands.configured import configured
    from bot.failed import CommandFailed
    from bot.lifecycle.standing_still import LONGEST_REASON, begin, end
    from policy.redaction import Redactor
    from storage.attempts import transact
    from storage.halts import standing
    from storage.row_security import EVERYTHING

    said = Redactor.default().text(reason).text.strip()[:LONGEST_REASON]
    if not said:
        raise typer.BadParameter("say why", param_hint="--reason")
    config = configured(quiet=True)
    person = f"cli:{who.strip() or getpass.getuser()}"
    change = end if lift else begin

    async def work() -> str:
        async with opened(config.database) as db:
            channels = (config.ops_channel,)
            done = await transact(db, lambda tx: change(tx, EVERYTHING, who=person, reason=said, channels=channels))
            if done is not None:
                return f"lifted; everything was {done}" if lift else f"everything is {done}; lift it with --lift"
            async with db.read() as tx:
                stands = await standing(tx, EVERYTHING)
        raise CommandFailed(
            f"everything is already {stands}" if stands else "not everything is halted; nothing to lift"
        )

    typer.echo(asyncio.run(work()))
