"""A migrated SQLite file that databases of tests are copied from: a copy costs a hundredth of the migrations."""

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from sqlalchemy.engine import make_url

from storage.db import Database
from storage.migrate import migrate


def copy_to(file: Path) -> Path:
    """That file, a database as if it had just been migrated."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return shutil.copyfile(_template(), file)


def fill(url: str) -> None:
    """As `copy_to`, where this URL is of a SQLite file that is not there yet; any other is left alone."""
    found = make_url(url)
    if found.get_backend_name() == "sqlite" and found.database and not (file := Path(found.database)).exists():
        copy_to(file)


@cache
def _template() -> Path:
    """Made on a loop of its own, once for each process of tests."""
    folder = tempfile.TemporaryDirectory(prefix="migrated-")
    _kept.append(folder)
    file = Path(folder.name) / "template.db"

    async def make() -> None:
        database = Database(f"sqlite:///{file}")
        await migrate(database)
        await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make()).result()
    return file


_kept: list["tempfile.TemporaryDirectory[str]"] = []
