"""One audit entry as one line of JSON, and back. The line is canonical, so equal records are equal files."""

from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.canonical import canonical
from storage.records import AuditEntry

LONGEST_LINE = 16 * 1024 * 1024
"""characters; a longer line is not one of ours, and is not read into memory whole"""


class BadLine(ValueError):
    """A line is no audit entry."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    tenant: str
    seq: Annotated[int, Field(ge=1)]
    at: Annotated[float, Field(allow_inf_nan=False)]
    event: str
    task_id: str
    correlation_id: str
    body: str
    prev: str
    hash: str


def to_line(entry: AuditEntry) -> str:
    """The entry as canonical JSON, without a line end."""
    return canonical(asdict(entry))


def from_line(line: str) -> AuditEntry:
    """The entry of a line.

    Raises:
        BadLine: it is none; the message says what is wrong.
    """
    try:
        return AuditEntry(**_Line.model_validate_json(line).model_dump())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise BadLine(f"{place}: {first['msg'].lower()}" if place else first["msg"].lower()) from None
