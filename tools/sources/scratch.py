"""A folder of its own for one program, gone when it has ended."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping


@contextlib.asynccontextmanager
async def scratch() -> AsyncIterator[str]:
    """An empty folder that only this user can enter."""
    folder = made()
    try:
        yield folder
    finally:
        await asyncio.shield(asyncio.to_thread(gone, folder))


def made() -> str:
    return tempfile.mkdtemp(prefix="autopilot-tool-")


def gone(folder: str) -> None:
    """Remove it with all that is in it, as far as it lets itself be removed."""
    shutil.rmtree(folder, ignore_errors=True)


def at_home(folder: str) -> Mapping[str, str]:
    """What a program's environment says of it."""
    return {"HOME": folder, "TMPDIR": folder}
