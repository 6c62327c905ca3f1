"""The database: does it answer, and is its schema this version's. Looking creates nothing."""

import os
from pathlib import Path

from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.settings import Settings


async def check_database(config: Settings) -> Finding:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from bot.failures import explain
    from storage.db import Database
    from storage.migrate import above_row_security, current, head

    try:
        url = make_url(config.database)
        file = Path(url.database or "")
        if url.get_backend_name() == "sqlite" and not os.path.exists(file):  # noqa: ASYNC240, PTH110 - one stat
            return _to_be_made(file)
        db = Database(config.database)
    except (ArgumentError, ImportError) as error:
        return broken(
            "database", _first_line(error), "AUTOPILOT_DATABASE_URL is e.g. postgresql+asyncpg://user@host/name"
        )
    shown = db.url.render_as_string(hide_password=True)
    try:
        have, need = await current(db), head()
        above = db.is_postgres and await above_row_security(db)
    except (DBAPIError, OSError) as error:
        return broken(
            "database",
            f"{shown} does not answer: {_first_line(error)}",
            "check that it runs, and AUTOPILOT_DATABASE_URL",
        )
    except Exception as error:  # a doctor reports what ails; a new driver's errors too
        return broken("database", f"{shown}: {explain(error)}", "check AUTOPILOT_DATABASE_URL")
    finally:
        await db.close()
    if have == need and above:
        return open_(
            "database",
            f"{shown} answers and is at schema {need}, but its role is above row-level security",
            "give the bot a role that is neither a superuser nor has BYPASSRLS, and let it own the database",
        )
    if have == need:
        return ok("database", f"{shown} answers and is at schema {need}")
    if not db.is_postgres:
        return ok("database", f"{shown} is at schema {have or 'none'!r}; the next start brings it to {need!r}")
    return broken(
        "database", f"{shown} is at schema {have or 'none'!r}, this version needs {need!r}", "run 'autopilot migrate'"
    )


def _to_be_made(file: Path) -> Finding:
    folder = next(folder for folder in (file.absolute().parent, *file.absolute().parents) if folder.exists())
    if os.access(folder, os.W_OK):
        return ok("database", f"{str(file)!r} will be made at the first start")
    return broken(
        "database",
        f"{str(file)!r} cannot be made: {str(folder)!r} is not writable",
        "set AUTOPILOT_HOME to a folder of yours",
    )


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0] or type(error).__name__
