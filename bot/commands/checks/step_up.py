"""Second factors: can they be proven here, who has one, and does the provider answer."""

import asyncio
from pathlib import Path

import httpx
import sqlalchemy as sa

from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.factors.keys import Keys, WrongKey
from bot.factors.oidc import Oidc, OidcRefused
from bot.factors.step_up import BadStepUp, read
from bot.settings import Settings
from storage.db import Database
from storage.row_security import EVERYTHING
from storage.tables import factors

_NEITHER = 'none: rules with @step_up("if-set-up") ask for none, those with @step_up("required") let nobody approve'
_TO_DO = "set AUTOPILOT_STEP_UP_KEY ('autopilot approvers key') and AUTOPILOT_CONSOLE_URL (https) to ask for one"


async def check_step_up(config: Settings) -> Finding:
    key = config.step_up_key.get_secret_value() if config.step_up_key else ""
    if not config.second_factor:
        missing = "AUTOPILOT_CONSOLE_URL is" if key else "AUTOPILOT_STEP_UP_KEY is" if config.console_url else ""
        return open_("second factor", f"{_NEITHER}{f' ({missing} not set)' if missing else ''}", _TO_DO)
    try:
        read(key, config.console, None)
    except BadStepUp as error:
        return broken("second factor", str(error), "correct it, then run 'autopilot doctor' again")
    if config.oidc_issuer and (why := await _provider(config)):
        return broken("second factor", f"{config.oidc_issuer}: {why}", "check AUTOPILOT_OIDC_ISSUER")
    try:
        enrolled, older = await _enrolled(config, Keys(key))
    except WrongKey as error:
        lost = f"no key of AUTOPILOT_STEP_UP_KEY opens the app of {error}"
        return broken("second factor", lost, "put the key it was enrolled under behind the first, or enrol them again")
    if older:
        under = f"{older} of {enrolled} enrolments are under an older key"
        return open_("second factor", under, "run 'autopilot approvers re-encrypt', then take the older key away")
    if not enrolled and not config.oidc_issuer:
        return open_("second factor", "nobody is enrolled", "enrol approvers with 'autopilot approvers enrol PERSON'")
    ways = [f"{enrolled} with an authenticator app", *(["the OIDC provider answers"] if config.oidc_issuer else [])]
    return ok("second factor", f"proven at {config.console}: {', '.join(ways)}")


async def _provider(config: Settings) -> str:
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        oidc = Oidc(issuer=config.oidc_issuer, client_id=config.oidc_client_id, client_secret="", client=client)
        try:
            await oidc.origin()
        except OidcRefused as error:
            return str(error)
    return ""


async def _enrolled(config: Settings, keys: Keys) -> tuple[int, int]:
    """(how many have an app, how many of them under an older key).

    Raises:
        WrongKey: with the person whose app no key opens.
    """
    db = Database(config.database, sees=EVERYTHING)
    file = Path(db.url.database or "")
    if not db.is_postgres and not await asyncio.to_thread(file.exists):
        return 0, 0  # looking creates nothing
    try:
        async with db.read() as tx:
            found = (await tx.run(sa.select(factors.c.tenant, factors.c.person, factors.c.secret))).all()
    except (sa.exc.SQLAlchemyError, OSError):
        return 0, 0
    finally:
        await db.close()
    older = 0
    for row in found:
        try:
            older += not keys.is_newest(row.secret, row.tenant, row.person)
        except WrongKey:
            raise WrongKey(f"{row.person} of {row.tenant}") from None
    return len(found), older
