"""One audit entry as one line of JSON. The line is canonical, so equal records are equal files."""

from dataclasses import asdict

from storage.canonical import canonical
from storage.records import AuditEntry


def to_line(entry: AuditEntry) -> str:
    """The entry as canonical JSON, without a line end."""
    return canonical(asdict(entry))
