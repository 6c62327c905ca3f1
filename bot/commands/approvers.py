"""`autopilot approvers`: who can prove a second factor with an authenticator app. Enrolled here and nowhere else."""

import asyncio
import datetime as dt
import getpass
import re
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from bot.settings import Settings

if TYPE_CHECKING:
    from storage.db import Database

app = typer.Typer(no_args_is_help=True, help="Second factors of approvers: enrolled, listed and removed here only.")

Tenant = Annotated[str, typer.Option(help="The workspace; not needed when there is one.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="A member id (U0…), an e-mail address, or @name.")]
_ID = re.compile(r"[UW][A-Z0-9]{2,20}", re.ASCII)


@app.command()
def key() -> None:
    """Print a new key for AUTOPILOT_STEP_UP_KEY. To follow another: docs/step-up.md, "A new key"."""
    from bot.factors.keys import new_key

    typer.echo(new_key())


@app.command()
def enrol(
    person: Person,
    replace: Annotated[bool, typer.Option(help="In place of the app they have now.")] = False,
    link: Annotated[bool, typer.Option(help="Print a link instead, at which they take it within 15 minutes.")] = False,
    tenant: Tenant = "",
) -> None:
    """Give a person an authenticator app: prints, this once, what the app is given; with --link, where to take it."""
    from bot.factors import enrolling, totp
    from bot.failed import CommandFailed
    from storage import audit, factors

    async def work(config: Settings, db: "Database", team: str) -> None:
        keys, who = _keys(config), await _id_of(config, person)
        secret, by = totp.new_secret(), f"cli:{getpass.getuser()}"
        if link and not config.second_factor:
            raise CommandFailed("set AUTOPILOT_CONSOLE_URL to the address people open, or leave --link away")
        async with db.write() as tx:
            if not replace and await factors.find(tx, team, who) is not None:
                raise CommandFailed(f"{who} has an app already; --replace ends that one")
            offer = enrolling.Offer(tenant=team, person=who, secret=secret, by=by, made_at=await tx.time())
            if link:
                await audit.append(tx, team, "ops.approver.invited", body={"who": who, "by": by, "factor": "totp"})
            else:
                await factors.enrol(tx, team, who, keys.shut(secret, team, who), by=by)
        if link:
            typer.echo(f"{config.console}/enrol/{enrolling.token(keys, offer)}")
            typer.echo(
                f"for {who} only, within 15 minutes, by another way than Slack; the page shows a QR code", err=True
            )
            return
        typer.echo(totp.uri(secret, who, team))
        if sys.stderr.isatty():
            typer.echo(totp.typed(totp.uri(secret, who, team)), err=True)
        typer.echo(f"{who} is enrolled; hand them this address, for their app only", err=True)
        typer.echo("it is not shown again; what is kept opens with AUTOPILOT_STEP_UP_KEY only", err=True)

    _with(work, tenant)


@app.command("re-encrypt")
def re_encrypt() -> None:
    """Shut every enrolment, in all workspaces, with the first key of AUTOPILOT_STEP_UP_KEY, so the others can go."""
    from bot.commands.audit_store import chains, opened
    from bot.commands.configured import configured
    from bot.failed import CommandFailed
    from bot.orchestrator import re_encrypting

    async def work() -> None:
        config = configured(quiet=True)
        keys, lost = _keys(config), []
        async with opened(config.database) as db:
            for team, _seq, _hash in await chains(db):
                found = await re_encrypting.re_encrypt(db, keys, team, by=f"cli:{getpass.getuser()}")
                typer.echo(f"{team}: {found.done} re-encrypted, {found.already} under the first key already")
                lost += [f"{who} of {team}" for who in found.lost]
        if lost:
            raise CommandFailed(f"no key opens the enrolment of {', '.join(lost)}; enrol them again with --replace")
        typer.echo("the keys behind the first can go", err=True)

    asyncio.run(work())


@app.command("list")
def list_approvers(tenant: Tenant = "") -> None:
    """Everybody who has an authenticator app."""
    from storage import factors

    async def work(_config: Settings, db: "Database", team: str) -> None:
        async with db.read() as tx:
            found = await factors.of_tenant(tx, team)
        for one in found:
            typer.echo(f"{one.person} since {dt.datetime.fromtimestamp(one.enrolled_at, dt.UTC):%Y-%m-%d}")
        if not found:
            typer.echo("nobody is enrolled; try 'autopilot approvers enrol'")

    _with(work, tenant)


@app.command()
def remove(person: Person, tenant: Tenant = "") -> None:
    """Take a person's authenticator app away."""
    from bot.failed import CommandFailed
    from storage import factors
    from storage.errors import NotFound

    async def work(config: Settings, db: "Database", team: str) -> None:
        who = await _id_of(config, person)
        try:
            async with db.write() as tx:
                await factors.remove(tx, team, who, by=f"cli:{getpass.getuser()}")
        except NotFound:
            raise CommandFailed(f"{who} is not enrolled; see 'autopilot approvers list'") from None
        typer.echo(f"{who} has no app any more")

    _with(work, tenant)


def _keys(config: Settings):  # type: ignore[no-untyped-def]
    from bot.factors.keys import SHORTEST, Keys, split
    from bot.failed import CommandFailed

    text = config.step_up_key.get_secret_value() if config.step_up_key else ""
    if min(map(len, split(text))) < SHORTEST:
        raise CommandFailed("set AUTOPILOT_STEP_UP_KEY to what 'autopilot approvers key' prints, for the bot as well")
    return Keys(text)


async def _id_of(config: Settings, person: str) -> str:
    """The member's id. Slack is asked only for names and addresses."""
    if _ID.fullmatch(person):
        return person
    from slack_sdk.errors import SlackApiError

    from bot.failed import CommandFailed
    from bot.slack.client import SlackClients

    token = config.slack_bot_token.get_secret_value() if config.slack_bot_token else ""
    clients = SlackClients(base_url=config.slack_api_url)
    try:
        client = clients.client(token)
        if "@" in person.strip("@"):
            return str((await client.users_lookupByEmail(email=person))["user"]["id"])
        cursor = ""
        while True:
            page = await client.users_list(limit=200, cursor=cursor or None)
            for user in page["members"]:
                if user["name"] == person.lstrip("@") and not user.get("deleted"):
                    return str(user["id"])
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                raise CommandFailed(f"slack knows no {person!r}; give the member id from their profile")
    except (SlackApiError, OSError) as error:
        why = error.response["error"] if isinstance(error, SlackApiError) else type(error).__name__
        raise CommandFailed(f"slack does not say who {person!r} is ({why}); give the member id") from None
    finally:
        await clients.close()


def _with(work: "Callable[[Settings, Database, str], Awaitable[None]]", tenant: str) -> None:
    from bot.commands.audit_store import chains, opened
    from bot.commands.configured import configured
    from bot.failed import CommandFailed

    async def run() -> None:
        config = configured(quiet=True)
        async with opened(config.database) as db:
            known = [name for name, _seq, _hash in await chains(db, tenant)]
            if len(known) != 1 and not tenant:
                names = ", ".join(known) or "none yet; let the bot connect once"
                raise CommandFailed(f"say which workspace with --tenant; there are: {names}")
            await work(config, db, tenant or known[0])

    asyncio.run(run())
