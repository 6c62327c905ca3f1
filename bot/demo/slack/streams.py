"""The life of streamed messages, pure: what chat.startStream, appendStream and stopStream may do, and when.

Nothing here reads a clock or a socket; `now` is passed in. Every refusal leaves the stream as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.demo.slack import chunks as pieces
from bot.demo.slack.chunks import BlocksChunk, PlanChunk, TaskChunk, TextChunk
from bot.demo.slack.wire import Json, Refused

DEFAULT_CAP = 12_000
"""Characters a streamed message holds in total before it answers `msg_too_long` for good."""
DEFAULT_LIFE = 300.0
"""Seconds after which Slack closes a stream, traffic or not."""

_Piece = TextChunk | TaskChunk | PlanChunk | BlocksChunk


class StreamState(StrEnum):
    LIVE = "live"
    DONE = "done"
    EXPIRED = "expired"
    STOPPED_BY_USER = "stopped_by_user"


class Mode(StrEnum):
    """A stream is locked to the way its first content came; the other way answers `streaming_mode_mismatch`."""

    TEXT = "markdown_text"
    CHUNKS = "chunks"


@dataclass(kw_only=True, slots=True)
class Part:
    """One run of text, one task, or one group of blocks, in the order they first arrived."""

    kind: str
    text: str = ""
    task: str = ""
    blocks: list[Json] = field(default_factory=list)

    def view(self) -> Json:
        if self.kind == "task":
            return {"type": "task", "id": self.task}
        return (
            {"type": "blocks", "blocks": self.blocks} if self.kind == "blocks" else {"type": "text", "text": self.text}
        )


@dataclass(kw_only=True, slots=True)
class Stream:
    """One streamed message: what it says so far, and whether it still takes more."""

    channel: str
    ts: str
    thread_ts: str | None
    started_at: float
    display_mode: str = "timeline"
    state: StreamState = StreamState.LIVE
    mode: Mode | None = None
    used: int = 0
    full: bool = False
    """Once it answered `msg_too_long` it takes no more text, however short."""
    plan_title: str | None = None
    tasks: dict[str, Json] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    final_blocks: list[Json] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All markdown so far, in order."""
        return "".join(part.text for part in self.parts)

    def view(self) -> Json:
        """What the page draws."""
        return {
            "text": self.text,
            "tasks": list(self.tasks.values()),
            "plan_title": self.plan_title,
            "display_mode": self.display_mode,
            "parts": [part.view() for part in self.parts],
        }

    def take(self, content: Sequence[_Piece]) -> None:
        """Add pieces that were already checked."""
        for piece in content:
            self.used += pieces.size(piece)
            match piece:
                case TextChunk():
                    if not self.parts or self.parts[-1].kind != "text":
                        self.parts.append(Part(kind="text"))
                    self.parts[-1].text += piece.text
                case PlanChunk():
                    self.plan_title = piece.title
                case BlocksChunk():
                    self.parts.append(Part(kind="blocks", blocks=piece.blocks))
                case TaskChunk():
                    self._take_task(piece)

    def _take_task(self, piece: TaskChunk) -> None:
        if piece.id not in self.tasks:
            self.tasks[piece.id] = {"id": piece.id, "details": None, "output": None, "sources": []}
            self.parts.append(Part(kind="task", task=piece.id))
        task = self.tasks[piece.id]
        task["title"], task["status"] = piece.title, piece.status.value
        if piece.details:  # Slack appends what is sent again, it does not replace it
            task["details"] = (task["details"] or "") + piece.details
        if piece.output:
            task["output"] = (task["output"] or "") + piece.output
        task["sources"] += [source.model_dump(exclude_none=True) for source in piece.sources]


class Streams:
    """Every stream of one workspace."""

    def __init__(self, *, cap: int = DEFAULT_CAP, life: float = DEFAULT_LIFE) -> None:
        self.cap = cap
        self.life = life
        self._all: dict[tuple[str, str], Stream] = {}

    def start(
        self,
        *,
        channel: str,
        ts: str,
        thread_ts: str | None,
        now: float,
        is_dm: bool = False,
        recipient_user_id: str | None = None,
        recipient_team_id: str | None = None,
        markdown_text: str | None = None,
        chunks: Sequence[object] | None = None,
        task_display_mode: str | None = None,
    ) -> Stream:
        """A live stream holding the first content, if any came along."""
        if not is_dm and not recipient_team_id:
            raise Refused("missing_recipient_team_id")
        if not is_dm and not recipient_user_id:
            raise Refused("missing_recipient_user_id")
        if not thread_ts:
            raise Refused("invalid_thread_ts")
        if task_display_mode not in (None, "timeline", "plan"):
            raise Refused("invalid_arguments", "[ERROR] task_display_mode must be timeline or plan")
        stream = Stream(channel=channel, ts=ts, thread_ts=thread_ts, started_at=now)
        stream.display_mode = task_display_mode or "timeline"
        self._add(stream, markdown_text, chunks)
        self._all[channel, ts] = stream
        return stream

    def append(
        self,
        *,
        channel: str,
        ts: str,
        now: float,
        markdown_text: str | None = None,
        chunks: Sequence[object] | None = None,
    ) -> Stream:
        """The stream with more in it."""
        stream = self._live(channel, ts, now)
        if not markdown_text and not chunks:
            raise Refused("no_text")
        self._add(stream, markdown_text, chunks)
        return stream

    def stop(
        self,
        *,
        channel: str,
        ts: str,
        now: float,
        markdown_text: str | None = None,
        chunks: Sequence[object] | None = None,
        blocks: list[Json] | None = None,
    ) -> Stream:
        """The finished stream; `blocks` stand below its text."""
        stream = self._live(channel, ts, now)
        self._add(stream, markdown_text, chunks)
        stream.final_blocks = blocks or []
        stream.state = StreamState.DONE
        return stream

    def stop_by_user(self, *, channel: str, thread_ts: str, now: float) -> list[Stream]:
        """Someone pressed Stop: the thread's live streams, now closed to the app."""
        mine = [s for s in self._all.values() if s.channel == channel and s.thread_ts == thread_ts]
        stopped = [stream for stream in mine if self.is_live(channel, stream.ts, now=now)]
        for stream in stopped:
            stream.state = StreamState.STOPPED_BY_USER
        return stopped

    def find(self, channel: str, ts: str, *, now: float) -> Stream | None:
        """The stream behind a message, its state up to date, or None for an ordinary message."""
        stream = self._all.get((channel, ts))
        if stream and stream.state is StreamState.LIVE and now - stream.started_at >= self.life:
            stream.state = StreamState.EXPIRED
        return stream

    def is_live(self, channel: str, ts: str, *, now: float) -> bool:
        """Whether the message still takes appends (and so refuses chat.update)."""
        stream = self.find(channel, ts, now=now)
        return stream is not None and stream.state is StreamState.LIVE

    def forget(self, channel: str, ts: str) -> None:
        """Drop the stream of a deleted message."""
        self._all.pop((channel, ts), None)

    def clear(self) -> None:
        self._all.clear()

    def expire(self, channel: str, ts: str) -> None:
        """Close a stream as Slack does when it grew too old."""
        if stream := self._all.get((channel, ts)):
            stream.state = StreamState.EXPIRED

    def _live(self, channel: str, ts: str, now: float) -> Stream:
        stream = self.find(channel, ts, now=now)
        if stream is None or stream.state in (StreamState.DONE, StreamState.EXPIRED):
            raise Refused("message_not_in_streaming_state")
        if stream.state is StreamState.STOPPED_BY_USER:
            raise Refused("stopped_by_user")
        return stream

    def _add(self, stream: Stream, markdown_text: str | None, chunks: Sequence[object] | None) -> None:
        content, mode = _content(markdown_text, chunks)
        if not content or mode is None:
            return
        if stream.mode not in (None, mode):
            raise Refused("streaming_mode_mismatch")
        if stream.full or stream.used + sum(map(pieces.size, content)) > self.cap:
            stream.full = True
            raise Refused("msg_too_long")
        stream.mode = mode
        stream.take(content)


def _content(markdown_text: str | None, chunks: Sequence[object] | None) -> tuple[tuple[_Piece, ...], Mode | None]:
    if markdown_text and chunks:
        raise Refused("cannot_provide_both_markdown_text_and_chunks")
    if chunks:
        return pieces.parse(chunks), Mode.CHUNKS
    if not markdown_text:
        return (), None
    if len(markdown_text) > pieces.CALL_TEXT:
        raise Refused("msg_too_long")
    return (TextChunk(type="markdown_text", text=markdown_text),), Mode.TEXT
