"""One process on a SQLite file: a second one would steal the first one's tasks."""

import fcntl
import os
from pathlib import Path


class Taken(Exception):
    """Another autopilot process uses this database."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"another autopilot already runs on {str(path.parent)!r}; stop it, or use PostgreSQL for several replicas"
        )


def hold(path: Path) -> int:
    """Hold the lock until the process ends, however it ends.

    Raises:
        Taken: another process has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise Taken(path) from None
    return handle
