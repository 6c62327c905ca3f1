"""The exported file: written once, read line by line."""

from collections.abc import Iterator
from pathlib import Path

from bot.commands.audit_line import LONGEST_LINE, BadLine, from_line
from bot.failed import CommandFailed
from storage.records import AuditEntry


def read_entries(file: Path) -> Iterator[tuple[int, AuditEntry | BadLine]]:
    """Each line's number and its entry, or what is wrong with it. Empty lines are passed over.

    Raises:
        CommandFailed: the file cannot be read.
    """
    try:
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            number = 0
            while line := lines.readline(LONGEST_LINE):
                number += 1
                if not line.strip():
                    continue
                try:
                    yield number, from_line(line)
                except BadLine as bad:
                    yield number, bad
    except OSError as error:
        raise CommandFailed(f"cannot read {str(file)!r}: {error.strerror}; check the path") from None
