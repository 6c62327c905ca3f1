"""The pieces a streamed message is made of, checked as Slack checks them."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.demo.slack.wire import Json, Refused

TASK_TEXT = 256
"""Characters a task or plan title, details or output may hold in one chunk."""
CALL_TEXT = 12_000
"""Characters of markdown one call may carry."""


class TaskStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    ERROR = "error"


class _Chunk(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Chunk):
    """A link shown under a task."""

    type: Literal["url"] = "url"
    url: str = Field(max_length=3000)
    text: str = Field(max_length=TASK_TEXT)
    icon_url: str | None = None


class TextChunk(_Chunk):
    type: Literal["markdown_text"]
    text: str = Field(max_length=CALL_TEXT)


class TaskChunk(_Chunk):
    type: Literal["task_update"]
    id: str = Field(min_length=1, max_length=255)
    title: str = Field(min_length=1, max_length=TASK_TEXT)
    status: TaskStatus
    details: str | None = Field(default=None, max_length=TASK_TEXT)
    output: str | None = Field(default=None, max_length=TASK_TEXT)
    sources: tuple[Source, ...] = ()


class PlanChunk(_Chunk):
    type: Literal["plan_update"]
    title: str = Field(max_length=TASK_TEXT)


class BlocksChunk(_Chunk):
    type: Literal["blocks"]
    blocks: list[Json] = Field(min_length=1, max_length=50)


Chunk = Annotated[TextChunk | TaskChunk | PlanChunk | BlocksChunk, Field(discriminator="type")]
_CHUNKS: TypeAdapter[list[TextChunk | TaskChunk | PlanChunk | BlocksChunk]] = TypeAdapter(list[Chunk])


def parse(raw: Sequence[object]) -> tuple[TextChunk | TaskChunk | PlanChunk | BlocksChunk, ...]:
    """The chunks of one call, typed.

    Raises: Refused `invalid_chunks` when one of them has a wrong shape, word or length.
    """
    try:
        return tuple(_CHUNKS.validate_python(list(raw)))
    except ValidationError as wrong:
        hints = (f"[ERROR] {e['msg']} [json-pointer:/chunks/{'/'.join(map(str, e['loc']))}]" for e in wrong.errors())
        raise Refused("invalid_chunks", *hints) from None


def size(chunk: TextChunk | TaskChunk | PlanChunk | BlocksChunk) -> int:
    """Characters a chunk adds to the message: everything counts, not only the markdown."""
    match chunk:
        case TextChunk():
            return len(chunk.text)
        case PlanChunk():
            return len(chunk.title)
        case BlocksChunk():
            return len(json.dumps(chunk.blocks, separators=(",", ":"), ensure_ascii=False))
        case TaskChunk():
            links = sum(len(source.url) + len(source.text) for source in chunk.sources)
            return len(chunk.title) + len(chunk.details or "") + len(chunk.output or "") + links
