"""Pure: pieces of a streamed answer -> brain events. Knows no provider and no litellm."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.brains.base import BadCall, BrainEvent, Call, Finished, JsonObject, Saying, Thinking, Thought, Usage
from bot.brains.tool_names import ToolNames

REDACTED = "redacted_thinking:"
"""begins the signature of a Thought whose text the provider keeps to itself; the rest is its sealed data"""


@dataclass(frozen=True, kw_only=True)
class CallPiece:
    """A part of one tool call; the first part of a call carries its name, and mostly its id."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One chunk of the stream, reduced to what matters."""

    thinking: str = ""
    signature: str = ""
    """ends the open thinking block"""
    redacted: str = ""
    """sealed data of a thinking block that the provider does not show"""
    text: str = ""
    calls: Sequence[CallPiece] = ()
    finish_reason: str = ""


@dataclass(kw_only=True)
class _OpenCall:
    id: str
    name: str
    arguments: str


class Assembly:
    """Puts one turn together. Thinking and text come out at once, calls only when the turn is whole."""

    def __init__(self, names: ToolNames, *, used_ids: Collection[str] = ()) -> None:
        self._names = names
        self._used_ids = set(used_ids)
        self._thinking: list[str] = []
        self._calls: list[_OpenCall] = []
        self._call_at: dict[int, _OpenCall] = {}
        self._reason = ""

    @property
    def finished(self) -> bool:
        """Whether the provider said that the turn is over; a stream without that was cut off."""
        return bool(self._reason)

    def add(self, piece: Piece) -> Iterator[BrainEvent]:
        """What can be told after this piece."""
        if piece.thinking:
            self._thinking.append(piece.thinking)
            yield Thinking(delta=piece.thinking)
        if piece.signature:
            yield from self._end_thinking(piece.signature)
        if piece.redacted:
            yield from self._end_thinking()
            yield Thought(text="", signature=REDACTED + piece.redacted)
        if piece.text or piece.calls:
            yield from self._end_thinking()
        if piece.text:
            yield Saying(by_model=True, delta=piece.text)
        for part in piece.calls:
            self._add_call(part)
        self._reason = piece.finish_reason or self._reason

    def end(self, usage: Usage | None) -> Iterator[BrainEvent]:
        """The rest of the turn: the calls, the usage, and Finished."""
        yield from self._end_thinking()
        whole = self._reason in ("stop", "tool_calls", "function_call")
        for call in self._calls:
            yield self._complete(call, whole=whole)
        if usage is not None:
            yield usage
        yield Finished(reason=self._finish_reason())

    def _finish_reason(self) -> str:
        if self._reason in ("length", "content_filter"):
            return self._reason
        return "tool_calls" if self._calls else "stop"

    def _end_thinking(self, signature: str = "") -> Iterator[BrainEvent]:
        if self._thinking or signature:
            yield Thought(text="".join(self._thinking), signature=signature)
            self._thinking = []

    def _add_call(self, part: CallPiece) -> None:
        known = self._call_at.get(part.index)
        # Some servers send several whole calls, all at index 0: another id means another call.
        if known is None or (part.id and known.id and part.id != known.id):
            known = _OpenCall(id=part.id, name=part.name, arguments=part.arguments)
            self._call_at[part.index] = known
            self._calls.append(known)
            return
        known.id = known.id or part.id
        known.name = known.name or part.name
        known.arguments += part.arguments

    def _complete(self, call: _OpenCall, *, whole: bool) -> BrainEvent:
        call_id = self._free_id(call.id)
        tool = self._names.ours(call.name)
        # An answer cut off at its length limit may have lost the arguments: no text is then not "no arguments".
        raw = "{}" if whole and not call.arguments.strip() else call.arguments
        arguments = _object(raw)
        if arguments is None or not tool:
            return BadCall(call_id=call_id, tool=tool, raw=call.arguments)
        return Call(call_id=call_id, tool=tool, arguments=arguments)

    def _free_id(self, wanted: str) -> str:
        """The provider's id, or a new one when it gave none or one that this conversation already has."""
        stem = wanted or "call"
        free, number = wanted, 0
        while not free or free in self._used_ids:
            number += 1
            free = f"{stem}_{number}"
        self._used_ids.add(free)
        return free


def _object(raw: str) -> JsonObject | None:
    try:
        # NaN and Infinity are no JSON; the canonical form of a proposal could not hold them.
        value = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant!r} is no JSON")
