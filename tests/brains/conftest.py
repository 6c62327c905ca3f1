"""A running model server, and brains that talk to it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.brains.llm import LlmBrain
from tests.brains.model_servers import ModelServer, serving

OPENAI = "openai/local"
ANTHROPIC = "anthropic/claude-sonnet-4-5"
API_KEY = "sk-made-up-key-000111222333"

MakeBrain = Callable[..., LlmBrain]


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with serving() as model_server:
        yield model_server


@pytest.fixture
async def brain(server: ModelServer) -> AsyncIterator[MakeBrain]:
    """Makes brains for the server; their connections are closed at the end."""
    made: list[LlmBrain] = []

    def make(model: str = OPENAI, **settings: Any) -> LlmBrain:
        base = server.url if model.startswith("anthropic") else f"{server.url}/v1"
        made.append(LlmBrain(model, **{"api_base": base, "api_key": API_KEY, **settings}))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()
