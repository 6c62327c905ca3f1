"""Writes the record to a file: whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

from bot.commands.audit_checkpoint import Checkpoint
from bot.commands.audit_line import to_line
from bot.commands.audit_store import chains, entries_of, opened
from bot.failed import CommandFailed


async def export_to(url: str, out: Path, say: Callable[[str], None], *, task: str = "", tenant: str = "") -> None:
    """One entry a line, in the order of each chain; the file appears when it is complete.

    Raises:
        CommandFailed: the file cannot be written.
    """
    part = out.with_name(f"{out.name}.part")
    try:
        async with opened(url) as db:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                for name, seq, hashed in await chains(db, tenant):
                    count = 0
                    async for batch in entries_of(db, name, upto=seq, task=task):
                        file.writelines(f"{to_line(entry)}\n" for entry in batch)
                        count += len(batch)
                    say(f"{name}: {count} entries" + ("" if task else f"; head {Checkpoint(seq=seq, hash=hashed)}"))
                file.flush()
                os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise CommandFailed(f"cannot write {str(out)!r}: {error.strerror}; check the folder") from None
    finally:
        part.unlink(missing_ok=True)
    say(f"written to {out}")
