"""What can go wrong with what we keep."""

import sqlite3

import sqlalchemy as sa

LOST_DATABASE = (sa.exc.DBAPIError, OSError, TimeoutError)
"""the database went away; every write is fenced, so asking again is safe"""

FULL = "its disk is full: nothing runs until there is room again, and then work goes on where it was"
_NO_ROOM = "53100"
"""PostgreSQL's disk_full: https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def is_full(error: BaseException) -> bool:
    """Whether the database refused a write because its disk is full."""
    driver = getattr(error, "orig", None)
    if getattr(driver, "sqlstate", None) == _NO_ROOM:
        return True
    return int(getattr(driver, "sqlite_errorcode", 0)) & 0xFF == sqlite3.SQLITE_FULL


def why_lost(error: BaseException) -> str:
    """In words for the log, what is wrong with the database; the error's own text may hold values."""
    return FULL if is_full(error) else f"it does not answer ({type(error).__name__})"


class StorageError(Exception):
    """Base of this room's errors."""


class LostRace(StorageError):
    """The row moved on since it was read; somebody else won, and nothing was written."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"{what} {key!r} moved on; read it again")


class NotFound(StorageError):
    """No row of this key in this tenant."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"no {what} {key!r} here")


class SchemaBehind(StorageError):
    """The database's schema is not the one this version needs."""

    def __init__(self, have: str | None, need: str) -> None:
        super().__init__(
            f"the database is at schema {have or 'none'!r}, this version needs {need!r}; run 'autopilot migrate'"
        )


class SchemaAhead(StorageError):
    """The database was migrated by a newer version."""

    def __init__(self, have: str, need: str) -> None:
        super().__init__(
            f"the database is at schema {have!r}, which this version ({need!r}) does not know; "
            "run the newer version again, or restore a backup from before the upgrade"
        )


class DatabaseDown(StorageError):
    """The database does not answer."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"cannot reach the database at {url}: {why}; check AUTOPILOT_DATABASE_URL and that it runs")
