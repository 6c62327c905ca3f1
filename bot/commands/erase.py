"""`autopilot erase`: what is kept of a task or a person goes; the record's links stay, and say that it went."""

import asyncio
import getpass
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.db import Database
    from storage.erasing import Why

app = typer.Typer(no_args_is_help=True, help="Erase what is kept of a task or a person; the record still verifies.")

Tenant = Annotated[str, typer.Option(help="The workspace; not needed when there is one.")]
Reason = Annotated[str, typer.Option(help="Why; it stands on the record. Name nobody in it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]


@app.command()
def task(
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="t_…, as 'autopilot audit show' names it.")],
    reason: Reason,
    tenant: Tenant = "",
    yes: Yes = False,
) -> None:
    """Erase what an ended task was asked, said, saw and changed; that it was there, and which tools ran, stays."""
    from bot.orchestrator import erasing

    async def work(db: "Database", team: str, why: "Why") -> None:
        found = await erasing.tree(db, team, [task_id])
        _sure(task_id, f"{_tasks(len(found))} of workspace {team}, with all that was said", yes)
        _remember(team, task=task_id)
        _tell((await erasing.erase_tasks(db, team, found, why)).counts)

    _with(work, tenant, "task", reason)


@app.command()
def person(
    person_id: Annotated[str, typer.Argument(metavar="PERSON", help="The member's id, U0….")],
    reason: Reason,
    tenant: Tenant = "",
    yes: Yes = False,
) -> None:
    """Erase a person's tasks, and put a name that means nobody in place of theirs wherever else they are named."""
    from bot.orchestrator import erasing
    from storage.persons import new_alias

    if not person_id.isalnum() or len(person_id) < 3:
        raise typer.BadParameter(f"{person_id!r} is no member's id, e.g. U0123ABCD", param_hint="PERSON")
    alias = new_alias()

    async def work(db: "Database", team: str, why: "Why") -> None:
        found = await erasing.asked_by(db, team, person_id)
        _sure(person_id, f"{_tasks(len(found))} of this person, and their name everywhere in workspace {team}", yes)
        _remember(team, person=person_id)
        done = await erasing.erase_person(db, team, person_id, found, why, alias)
        _tell(done.counts)
        typer.echo(f"where somebody has to stand, it says {alias} now")

    _with(work, tenant, "person", reason)


@app.command()
def replay(
    file: Annotated[Path | None, typer.Argument(help="The list; default: AUTOPILOT_ERASURES_FILE.")] = None,
) -> None:
    """After an older copy of the database was restored: erase again all that was erased since."""
    from bot.commands.audit_store import chains, opened
    from bot.commands.configured import configured
    from bot.failed import CommandFailed
    from bot.orchestrator.erasures import BadList, Kept, repeat

    config = configured(quiet=True)
    path = file or config.erasures_file
    if path is None:
        raise CommandFailed("say which list: its file, or AUTOPILOT_ERASURES_FILE")

    async def run() -> tuple[list[str], list[str]]:
        async with opened(config.database) as db:
            tenants = [name for name, _seq, _hash in await chains(db)]
            await db.overwrite_what_goes()
            done = await repeat(db, Kept(path=path), tenants, by=f"cli:{getpass.getuser()}")
            db.empty_log()
        return done

    try:
        done, left = asyncio.run(run())
    except BadList as error:
        raise CommandFailed(str(error)) from None
    for what in done:
        typer.echo(f"erased again: {what}")
    if left:
        raise CommandFailed("; ".join(left) + "; then do this again")
    typer.echo("nothing is left of what was erased" if done else "nothing that was erased is in this database")


def _remember(tenant: str, *, task: str = "", person: str = "") -> None:
    """Put it on the list, before anything goes."""
    from bot.commands.configured import configured
    from bot.failed import CommandFailed
    from bot.orchestrator.erasures import BadList, Kept

    path = configured(quiet=True).erasures_file
    if path is None:
        typer.echo("no list is kept (AUTOPILOT_ERASURES_FILE): after restoring an older backup, erase this again")
        return
    try:
        Kept(path=path).add(tenant, at=time.time(), task=task, person=person)
    except BadList as error:
        raise CommandFailed(str(error)) from None


def _sure(key: str, what: str, yes: bool) -> None:
    typer.echo(f"this erases {what}; it cannot be taken back, and what could still be undone no longer can")
    if not yes and typer.prompt(f"write {key} to go on", default="", show_default=False) != key:
        raise typer.Abort


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"


def _tell(counts: dict[str, int]) -> None:
    for name, count in sorted(counts.items()):
        if count:
            typer.echo(f"  {count:>7}  {name}")
    typer.echo("erased; 'autopilot audit verify' still holds. Backups keep what they hold until they are gone")


def _with(work: Callable[["Database", str, "Why"], Awaitable[None]], tenant: str, what: str, reason: str) -> None:
    from bot.commands.audit_store import chains, opened
    from bot.commands.configured import configured
    from bot.failed import CommandFailed
    from bot.orchestrator.erasing import StillOpen
    from policy.redaction import Redactor
    from storage.erasing import Why
    from storage.errors import NotFound

    said = Redactor.default().text(reason).text.strip()[:300]
    if not said:
        raise typer.BadParameter("say why", param_hint="--reason")

    async def run() -> None:
        async with opened(configured(quiet=True).database) as db:
            known = [name for name, _seq, _hash in await chains(db, tenant)]
            if len(known) != 1:
                names = ", ".join(known) or "none yet"
                raise CommandFailed(f"say which workspace with --tenant; there are: {names}")
            await db.overwrite_what_goes()
            try:
                await work(db, known[0], Why(what=what, by=f"cli:{getpass.getuser()}", reason=said))
            except (StillOpen, NotFound) as error:
                raise CommandFailed(str(error)) from None
            db.empty_log()

    asyncio.run(run())
