"""The OpenAI chat-completions stream, as bytes."""

import json

from bot.brains.base import JsonObject, JsonValue

DONE = b"data: [DONE]\n\n"


def _chunk(delta: JsonObject, finish: str | None = None) -> bytes:
    choice: JsonObject = {"index": 0, "delta": delta, "finish_reason": finish}
    return _event({"choices": [choice]})


def _event(body: JsonObject) -> bytes:
    full: JsonObject = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "local", **body}
    return b"data: " + json.dumps(full).encode() + b"\n\n"


def role() -> bytes:
    return _chunk({"role": "assistant", "content": ""})


def thinking(text: str) -> bytes:
    return _chunk({"reasoning_content": text})


def text(text: str) -> bytes:
    return _chunk({"content": text})


def call(index: int, *, id: str | None = None, name: str | None = None, arguments: str = "") -> bytes:
    """One delta of a tool call; the first of a call carries id and name."""
    function: JsonObject = {"arguments": arguments}
    if name is not None:
        function["name"] = name
    delta: JsonObject = {"index": index, "function": function}
    if id is not None:
        delta |= {"id": id, "type": "function"}
    return _chunk({"tool_calls": [delta]})


def finish(reason: str) -> bytes:
    return _chunk({}, reason)


def usage(input_tokens: int, output_tokens: int) -> bytes:
    total: dict[str, JsonValue] = {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }
    return _event({"choices": [], "usage": total})
