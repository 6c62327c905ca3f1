"""`autopilot evaluations`: what people said of proposals, answers and threads, as cases to evaluate agents with."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.evaluations import Evaluation

_ABOUT = "What people rejected, called no help, or kept: cases to evaluate agents with."
app = typer.Typer(no_args_is_help=True, help=_ABOUT)

Tenant = Annotated[str, typer.Option(help="Only this workspace.")]
Kind = Annotated[str, typer.Option(help="Only rejected, bad_answer or kept.")]


@app.command("list")
def list_cases(
    limit: Annotated[int, typer.Option(min=1, help="The newest so many of each workspace.")] = 30,
    tenant: Tenant = "",
    kind: Kind = "",
) -> None:
    """The newest cases, oldest first."""
    import datetime as dt

    from bot.terminal.printable import one_line

    found = asyncio.run(_cases(tenant, kind, limit))
    for case in found:
        at = dt.datetime.fromtimestamp(case.at, dt.UTC).strftime("%Y-%m-%d %H:%M")
        says = case.proposed.get("says") or case.request
        typer.echo(one_line(f"{at}  {case.kind.value}  {case.agent} {case.agent_version[:12]}  {says}"))
        typer.echo(f"    {one_line(case.feedback) or '(no words)'}")
    none = "no cases yet; a rejected proposal, a thumb down or :test_tube: on a message makes one"
    typer.echo(f"{len(found)} cases" if found else none)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The file to write: JSON Lines, one case a line.")],
    tenant: Tenant = "",
    kind: Kind = "",
) -> None:
    """Write all cases to a file: request, proposed call, feedback, agent and its version; secrets are masked."""
    from bot.failed import CommandFailed

    found = asyncio.run(_cases(tenant, kind, None))
    lines = "".join(f"{json.dumps(asdict(case), ensure_ascii=False, sort_keys=True)}\n" for case in found)
    part = out.with_name(f"{out.name}.part")
    try:
        part.write_text(lines, encoding="utf-8", newline="\n")
        part.replace(out)
    except OSError as error:
        raise CommandFailed(f"cannot write {str(out)!r}: {error.strerror}; check the folder") from None
    finally:
        part.unlink(missing_ok=True)
    typer.echo(f"{len(found)} cases written to {out}")


async def _cases(tenant: str, kind: str, limit: int | None) -> "list[Evaluation]":
    from bot.commands.audit_store import opened
    from bot.commands.configured import configured
    from storage import evaluations
    from storage.evaluations import EvaluationKind

    if kind and kind not in set(EvaluationKind):
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(EvaluationKind)}", param_hint="--kind")
    only = EvaluationKind(kind) if kind else None
    async with opened(configured(quiet=True).database) as db, db.read() as tx:
        names = [tenant] if tenant else await evaluations.tenants(tx)
        most = {} if limit is None else {"limit": limit}
        return [case for name in names for case in await evaluations.newest(tx, tenant=name, kind=only, **most)]
