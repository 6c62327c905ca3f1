"""One published link of a chain, written SEQ:HASH."""

import re
from dataclasses import dataclass

_SHAPE = re.compile(r"(\d{1,15}):([0-9a-f]{64})")


class BadCheckpoint(ValueError):
    """A checkpoint is not written SEQ:HASH."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    seq: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> "Checkpoint | None":
        """The link, or None for no text.

        Raises:
            BadCheckpoint: it is not SEQ:HASH.
        """
        if not text:
            return None
        found = _SHAPE.fullmatch(text.strip())
        if found is None:
            raise BadCheckpoint(f"{text!r} is not SEQ:HASH, e.g. 120:{'ab' * 4}… with 64 hex digits")
        return cls(seq=int(found[1]), hash=found[2])

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"
