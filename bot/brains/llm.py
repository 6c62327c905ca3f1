"""A brain behind any model provider. The one file that imports litellm, and only when a model is asked or warmed."""

import asyncio
import contextlib
import importlib
import logging
import os
import warnings
from collections.abc import AsyncGenerator, Awaitable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from bot.brains.base import BrainCalled, BrainEvent, JsonValue, Prompt, UserSaid
from bot.brains.errors import BrainError, BrainUnavailable
from bot.brains.llm_chunks import piece, usage
from bot.brains.llm_clock import TurnClock
from bot.brains.llm_errors import brain_error
from bot.brains.llm_messages import ThoughtStyle, to_messages, to_tools
from bot.brains.llm_stream import Assembly
from bot.brains.tool_names import ToolNames

T = TypeVar("T")

_SIGNED = ("anthropic", "bedrock", "vertex_ai")
_REASONING = ("deepseek", "moonshot")


@dataclass(frozen=True, kw_only=True)
class ModelCheck:
    """Whether a model answers, in one sentence."""

    ok: bool
    sentence: str


class LlmBrain:
    """Asks one model, one HTTP request a turn; retries and fallbacks are the runner's decision."""

    def __init__(
        self,
        model: str,
        *,
        api_base: str | None = None,
        api_key: str | None = None,
        temperature: float | None = None,
        first_token_timeout: float = 60.0,
        idle_timeout: float = 60.0,
        turn_timeout: float = 300.0,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> None:
        self.name = f"llm:{model}"
        self._model = model
        self._api_base = api_base
        self._api_key = api_key
        self._temperature = temperature
        self._first_token_timeout = first_token_timeout
        self._idle_timeout = idle_timeout
        self._turn_timeout = turn_timeout
        self._extra = dict(extra or {})
        self._litellm: ModuleType | None = None

    async def think(self, prompt: Prompt) -> AsyncGenerator[BrainEvent, None]:
        """Stream one turn. Closing the iterator early closes the connection to the provider.

        Raises:
            BrainUnavailable: the provider failed in a way that may pass.
            BrainRefused: a person must change something first.
        """
        litellm = await self._library()
        clock = TurnClock(first=self._first_token_timeout, idle=self._idle_timeout, turn=self._turn_timeout)
        names = ToolNames(tool.name for tool in prompt.tools)
        used = [entry.call_id for entry in prompt.transcript if isinstance(entry, BrainCalled)]
        assembly = Assembly(names, used_ids=used)
        stream: Any = None
        try:
            stream = await self._guarded(clock, litellm.acompletion(**self._request(prompt)))
            chunks = aiter(stream)
            while True:
                try:
                    chunk = await self._guarded(clock, anext(chunks))
                except StopAsyncIteration:
                    break
                for event in assembly.add(piece(chunk)):
                    clock.heard()
                    yield event
            # litellm makes up a "stop" when the connection just ends; only the provider's own word counts.
            if not (assembly.finished and stream.received_finish_reason):
                raise BrainUnavailable(f"the answer of model {self._model!r} broke off; try again later")
            for event in assembly.end(usage(stream)):
                yield event
        finally:
            if stream is not None:
                # Closes the connection now, not at the next garbage collection.
                await stream.aclose()

    async def check(self) -> ModelCheck:
        """Ask the model for one word; costs a few tokens."""
        question = UserSaid(text="Answer with the word: ok", by="autopilot doctor")
        prompt = Prompt(system="You answer a connection test.", transcript=(question,), tools=())
        try:
            async with contextlib.aclosing(self.think(prompt)) as events:
                async for _ in events:
                    return ModelCheck(ok=True, sentence=f"model {self._model!r} answers")
        except BrainError as error:
            return ModelCheck(ok=False, sentence=str(error))
        return ModelCheck(ok=False, sentence=f"model {self._model!r} said nothing; check the model name")

    async def warm(self) -> None:
        """Import what is needed in a thread, so that neither the first task nor the event loop waits for it."""
        await self._library()

    async def aclose(self) -> None:
        """Close the pooled connections of this process to all model providers; a later turn opens new ones."""
        if self._litellm is None:
            return
        from litellm.llms.custom_httpx.async_client_cleanup import close_litellm_async_clients

        await close_litellm_async_clients()  # type: ignore[no-untyped-call]  # litellm left it untyped
        self._litellm.in_memory_llm_clients_cache.flush_cache()
        # Anthropic's requests go through this one, which is in no cache; it opens again when it is used again.
        await self._litellm.module_level_aclient.close()

    async def _library(self) -> ModuleType:
        if self._litellm is None:
            self._litellm = await asyncio.to_thread(_ready, self._model)
        return self._litellm

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        # Ours come last: settings may add options, not switch off what we promise.
        request: dict[str, Any] = {
            "max_tokens": prompt.max_tokens,
            **self._extra,
            "model": self._model,
            "messages": to_messages(prompt, thoughts=_thought_style(self._model)),
            "stream": True,
            "stream_options": {"include_usage": True},
            "num_retries": 0,
            "max_retries": 0,
            # A backstop for reads; our own clock, which knows all three limits, is quicker.
            "timeout": self._turn_timeout,
            # stream_options and temperature are not known to every provider; leave out what one does not take.
            "drop_params": True,
            # With tools, litellm otherwise imports its proxy to look for an MCP gateway we never use.
            "_skip_mcp_handler": True,
            "no-log": True,
        }
        if self._api_base:
            request["api_base"] = self._api_base
        if self._api_key:
            request["api_key"] = self._api_key
        if self._temperature is not None:
            request["temperature"] = self._temperature
        if prompt.tools:
            request["tools"] = to_tools(prompt.tools)
        return request

    async def _guarded(self, clock: TurnClock, step: Awaitable[T]) -> T:
        """The result of one step of the conversation with the provider, or our own error."""
        limit, why = clock.next_limit()
        try:
            async with asyncio.timeout_at(limit) as scope:
                return await step
        except (StopAsyncIteration, BrainError):
            raise
        except Exception as error:
            if scope.expired():
                raise BrainUnavailable(f"model {self._model!r} {why}; try again later") from None
            # The library's error text can carry the key; nothing of it goes on, not even as the cause.
            secrets = (self._api_key,) if self._api_key else ()
            raise brain_error(error, model=self._model, secrets=secrets) from None


def quiet_litellm() -> ModuleType:
    """litellm without price downloads, .env reading, callbacks, token counting, banners or log lines."""
    # Read by litellm while it is imported, so they must stand before.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.disable_streaming_logging = True
    # Counting tokens ourselves costs time and could download a tokenizer; usage is told only when the provider does.
    litellm.disable_token_counter = True
    # httpx closes a connection as soon as its response is closed, and leaves no unclosed sessions behind.
    litellm.disable_aiohttp_transport = True
    for callbacks in (litellm.callbacks, litellm.success_callback, litellm.failure_callback):
        callbacks.clear()
    # litellm hides these two while it is imported; said again here, because whoever resets the filters afterwards
    # (pytest does, for each test) would meet them in the middle of an answer. Neither is about our code.
    warnings.filterwarnings(
        "ignore",
        message=r"Accessing the '\w+' attribute on the instance is deprecated",
        category=DeprecationWarning,
        module=r"litellm\.",
    )
    warnings.filterwarnings(
        "ignore", message=r"Items? .* on TypedDict class '\w+' (is|are) using the `ReadOnly` qualifier"
    )
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        # Its log lines hold prompts and provider answers; every failure reaches us as an exception anyway.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return litellm


def _ready(model: str) -> ModuleType:
    """litellm with everything loaded that a first answer of `model` would otherwise load inside the event loop."""
    litellm = quiet_litellm()
    for lazy in ("openai.resources", "httpcore"):
        importlib.import_module(lazy)
    # Answered inside litellm, without a request. A model it does not know is told of by the first real turn.
    with contextlib.suppress(Exception):
        list(
            litellm.completion(model=model, messages=[{"role": "user", "content": "?"}], mock_response="!", stream=True)
        )
    return litellm


def _thought_style(model: str) -> ThoughtStyle:
    provider = model.split("/", 1)[0]
    if provider in _SIGNED or model.startswith("claude"):
        return ThoughtStyle.BLOCKS
    return ThoughtStyle.REASONING if provider in _REASONING else ThoughtStyle.DROPPED
