"""The Anthropic messages stream, as bytes."""

import json
from collections.abc import Iterable

from bot.brains.base import JsonObject


def _event(body: JsonObject) -> bytes:
    return f"event: {body['type']}\ndata: {json.dumps(body)}\n\n".encode()


def start(input_tokens: int = 1) -> bytes:
    message: JsonObject = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "claude-local",
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": input_tokens, "output_tokens": 1},
    }
    return _event({"type": "message_start", "message": message})


def open_block(index: int, block: JsonObject) -> bytes:
    return _event({"type": "content_block_start", "index": index, "content_block": block})


def delta(index: int, body: JsonObject) -> bytes:
    return _event({"type": "content_block_delta", "index": index, "delta": body})


def close_block(index: int) -> bytes:
    return _event({"type": "content_block_stop", "index": index})


def thinking(index: int, pieces: Iterable[str], signature: str) -> list[bytes]:
    """A whole signed thinking block."""
    return [
        open_block(index, {"type": "thinking", "thinking": "", "signature": ""}),
        *(delta(index, {"type": "thinking_delta", "thinking": piece}) for piece in pieces),
        delta(index, {"type": "signature_delta", "signature": signature}),
        close_block(index),
    ]


def redacted_thinking(index: int, data: str) -> list[bytes]:
    return [open_block(index, {"type": "redacted_thinking", "data": data}), close_block(index)]


def text(index: int, pieces: Iterable[str]) -> list[bytes]:
    return [
        open_block(index, {"type": "text", "text": ""}),
        *(delta(index, {"type": "text_delta", "text": piece}) for piece in pieces),
        close_block(index),
    ]


def tool_use(index: int, *, id: str, name: str, pieces: Iterable[str]) -> list[bytes]:
    return [
        open_block(index, {"type": "tool_use", "id": id, "name": name, "input": {}}),
        *(delta(index, {"type": "input_json_delta", "partial_json": piece}) for piece in pieces),
        close_block(index),
    ]


def end(reason: str, output_tokens: int = 1) -> list[bytes]:
    return [
        _event(
            {
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": None},
                "usage": {"output_tokens": output_tokens},
            }
        ),
        _event({"type": "message_stop"}),
    ]


def ping() -> bytes:
    return _event({"type": "ping"})


def overloaded() -> bytes:
    return _event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
