"""A model on loopback that speaks the OpenAI stream: what it says is decided by whoever measures."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from bot.brains.base import JsonObject, JsonValue
from bot.demo.slack.loopback import serving


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer: words in pieces with a pause between them, or one tool call."""

    pieces: Sequence[str] = ()
    pause: float = 0.0
    tool: str = ""
    arguments: str = ""


@dataclass
class ModelServer:
    """Answers each request with what `answer` makes of its messages."""

    answer: Callable[[list[JsonObject]], Said]
    url: str = ""
    first_words_at: list[float] = field(default_factory=list)
    """time.time() of the first words of each answer"""

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator["ModelServer"]:
        app = Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])
        async with serving(app) as url:
            self.url = url
            yield self

    async def _complete(self, request: Request) -> StreamingResponse:
        said = self.answer((await request.json())["messages"])
        return StreamingResponse(self._stream(said), media_type="text/event-stream")

    async def _stream(self, said: Said) -> AsyncIterator[bytes]:
        yield _chunk({"role": "assistant", "content": ""})
        if said.tool:
            function: JsonObject = {"name": said.tool, "arguments": said.arguments}
            yield _chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]})
        for number, piece in enumerate(said.pieces):
            if number == 0:
                self.first_words_at.append(time.time())
            yield _chunk({"content": piece})
            await asyncio.sleep(said.pause)
        yield _chunk({}, finish="tool_calls" if said.tool else "stop")
        yield b"data: [DONE]\n\n"


def _chunk(delta: JsonObject, *, finish: str | None = None) -> bytes:
    choice: dict[str, JsonValue] = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "local", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def settings_for(server: ModelServer) -> dict[str, str]:
    """The bot's settings that make it ask this model."""
    return {
        "AUTOPILOT_MODEL": "openai/local",
        "AUTOPILOT_MODEL_API_BASE": f"{server.url}/v1",
        "AUTOPILOT_MODEL_API_KEY": "sk-none",
    }
