"""Where checkpoints are published: away from the database, so that whoever changes it cannot change them, too."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from storage import posts
from storage.checkpoints import Checkpoint
from storage.db import Tx
from storage.records import PostKind


class BadPlace(ValueError):
    """A place is not written slack:CHANNEL, file:PATH or dir:PATH."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no place for checkpoints; write slack:CHANNEL, file:PATH or dir:PATH")


@dataclass(frozen=True, kw_only=True)
class Place:
    kind: str
    where: str

    async def put(self, tx: Tx, one: Checkpoint) -> None:
        """Publish a checkpoint; once more does no harm.

        Raises:
            OSError: the file or folder does not take it.
        """
        match self.kind:
            case "slack":
                await posts.want(
                    tx,
                    tenant=one.tenant,
                    kind=PostKind.NOTICE,
                    subject=f"checkpoint:{one.seq}",
                    channel=self.where,
                    body={"text": f"Audit checkpoint, entries up to {one.seq}: `{one.line}`", "kind": "info"},
                )
            case "file":
                _append(Path(self.where), one.line)
            case _:
                _store(Path(self.where), one)


def read(texts: Iterable[str]) -> tuple[Place, ...]:
    """The places of a setting.

    Raises:
        BadPlace: one is none.
    """
    found = []
    for text in texts:
        kind, colon, where = text.partition(":")
        if not colon or not where or kind not in ("slack", "file", "dir"):
            raise BadPlace(text)
        found.append(Place(kind=kind, where=where))
    return tuple(found)


def _append(file: Path, line: str) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write(f"{line}\n")
        out.flush()
        os.fsync(out.fileno())


def _store(folder: Path, one: Checkpoint) -> None:
    """One object a checkpoint, never overwritten: a bucket with object lock can be mounted here."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{''.join(c if c.isalnum() else '_' for c in one.tenant)}-{one.seq:015}.json"
    try:
        with (folder / name).open("x", encoding="utf-8") as out:
            out.write(f"{one.line}\n")
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        return
