"""What can go wrong with what we keep."""

import sqlalchemy as sa

LOST_DATABASE = (sa.exc.DBAPIError, OSError, TimeoutError)
"""the database went away; every write is fenced, so asking again is safe"""


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


class DatabaseDown(StorageError):
    """The database does not answer."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"cannot reach the database at {url}: {why}; check AUTOPILOT_DATABASE_URL and that it runs")
